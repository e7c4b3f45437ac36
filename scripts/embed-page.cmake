# Makes a C++ source of the files of a folder, as tinyhttpd/page_files.hpp declares them.
# usage: cmake -D FOLDER=src/page -D OUTPUT=page_files.cpp -P embed-page.cmake

file(GLOB files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)
set(entries "")
foreach(file IN LISTS files)
  get_filename_component(extension ${file} LAST_EXT)
  if(extension STREQUAL ".html")
    set(type "text/html; charset=utf-8")
  elseif(extension STREQUAL ".mjs")
    set(type "text/javascript; charset=utf-8")
  elseif(extension STREQUAL ".css")
    set(type "text/css; charset=utf-8")
  elseif(extension STREQUAL ".svg")
    set(type "image/svg+xml")
  else()
    message(FATAL_ERROR "${FOLDER}/${file}: no media type is known for ${extension}")
  endif()
  file(READ ${FOLDER}/${file} text)
  string(APPEND entries "    {\"/${file}\", \"${type}\", R\"page_text(${text})page_text\"},\n")
endforeach()

file(WRITE ${OUTPUT} "#include \"tinyhttpd/page_files.hpp\"

namespace tinyhttpd {

std::span<const PageFile> page_files() {
  static constexpr PageFile kFiles[] = {
${entries}  };
  return kFiles;
}

}  // namespace tinyhttpd
")
