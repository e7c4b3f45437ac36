# What is installed beside the program and htdocs, and the Debian package (scripts/package). Included by CMakeLists.txt.

# --- Manual, completion, system service ---------------------------------------------------------------------------

install(FILES scripts/packaging/tinyhttpd.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES scripts/packaging/tinyhttpd.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME tinyhttpd)

# Configuration belongs into /etc when everything else is in /usr; elsewhere it stays under the prefix.
set(sysconf_dir ${CMAKE_INSTALL_SYSCONFDIR})
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(sysconf_dir ${CMAKE_INSTALL_FULL_SYSCONFDIR})
endif()
set(packaging_dir ${CMAKE_BINARY_DIR}/packaging)
configure_file(scripts/packaging/tinyhttpd.conf.in ${packaging_dir}/tinyhttpd.conf @ONLY)
configure_file(scripts/packaging/tinyhttpd.service.in ${packaging_dir}/tinyhttpd.service @ONLY)
install(FILES ${packaging_dir}/tinyhttpd.conf DESTINATION ${sysconf_dir}/tinyhttpd)
install(FILES ${packaging_dir}/tinyhttpd.service scripts/packaging/tinyhttpd.socket
  DESTINATION lib/systemd/system)

# --- The Debian package -------------------------------------------------------------------------------------------

# scripts/package sets it, with the prefix /usr.
if(TINYHTTPD_PACKAGE)
  install(FILES scripts/packaging/copyright scripts/packaging/changelog DESTINATION ${CMAKE_INSTALL_DOCDIR})
  install(FILES scripts/packaging/lintian-overrides
    DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME tinyhttpd)

  set(CPACK_GENERATOR DEB)
  set(CPACK_INSTALL_PREFIX /usr)
  set(CPACK_SET_DESTDIR ON)  # for /etc
  set(CPACK_STRIP_FILES ON)
  # Whatever the umask of whoever builds it.
  set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/scripts/packaging/debianize.cmake)

  set(CPACK_PACKAGE_CONTACT "The tinyhttpd authors <tinyhttpd@tinyhttpd.invalid>" CACHE STRING
    "Name and address of whoever answers for the package")
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_SECTION httpd)
  set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
  # The media types of /etc/mime.types; the language of one script of the demonstration.
  set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "media-types")
  set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3, php-fpm, php-cli, apache2-utils")
  set(CPACK_DEBIAN_PACKAGE_PROVIDES "httpd, httpd-cgi")
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "small web server that serves a folder and runs its CGI programs")
  set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "tinyhttpd serves files over HTTP/1.1 and runs programs by CGI/1.1 (RFC 3875),
with nothing to configure: `tinyhttpd --root FOLDER` is enough.
.
A fixed pool of threads answers; idle and slow clients occupy none of them, and
slow scripts do not hold up files. When a script fails, the log says why in
words. A demonstration site is included.")
  set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
  set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${CMAKE_SOURCE_DIR}/scripts/packaging/conffiles
    ${CMAKE_SOURCE_DIR}/scripts/packaging/postinst
    ${CMAKE_SOURCE_DIR}/scripts/packaging/prerm
    ${CMAKE_SOURCE_DIR}/scripts/packaging/postrm)
  include(CPack)
endif()
