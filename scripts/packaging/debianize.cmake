# Run by CPack on the tree that becomes the package: what Debian's policy wants otherwise than `cmake --install`
# leaves it.
set(usr ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr)

# Section 12.5: the licence is in the file `copyright`.
file(REMOVE ${usr}/share/doc/tinyhttpd/LICENSE)

# Sections 12.1 and 12.7; -n leaves out the time, so that the same source gives the same package.
execute_process(
  COMMAND gzip -9n ${usr}/share/man/man1/tinyhttpd.1 ${usr}/share/doc/tinyhttpd/changelog
  COMMAND_ERROR_IS_FATAL ANY)

# Section 10.1. CPack strips only what CMake knows as a program; a script of the demonstration is one too.
file(GLOB scripts ${usr}/share/tinyhttpd/htdocs/cgi-bin/*)
foreach(script IN LISTS scripts)
  file(READ ${script} magic LIMIT 4 HEX)
  if(magic STREQUAL "7f454c46")
    execute_process(COMMAND strip --remove-section=.comment --remove-section=.note ${script}
      COMMAND_ERROR_IS_FATAL ANY)
  endif()
endforeach()
