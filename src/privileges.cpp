#include "tinyhttpd/privileges.hpp"

#include <grp.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace tinyhttpd {

namespace {

[[noreturn]] void throw_error(int error_number, const std::string& what) {
  throw std::system_error(error_number, std::generic_category(), what);
}

bool is_fully(const Credentials& credentials) {
  uid_t real_user, user, saved_user;
  gid_t real_group, group, saved_group;
  if (::getresuid(&real_user, &user, &saved_user) != 0) return false;
  if (::getresgid(&real_group, &group, &saved_group) != 0) return false;
  return real_user == credentials.user && user == credentials.user && saved_user == credentials.user &&
         real_group == credentials.group && group == credentials.group && saved_group == credentials.group;
}

/// Tries it: a capability that is kept (SECBIT_NO_SETUID_FIXUP of capabilities(7)) shows in no id.
bool can_be_root_again() {
  return ::setresuid(0, 0, 0) == 0;
}

}  // namespace

void enter_root(const std::string& folder) {
  if (::chroot(folder.c_str()) != 0) throw_error(errno, "cannot make '" + folder + "' the root folder");
  // chroot leaves the working folder where it was, outside.
  if (::chdir("/") != 0) throw_error(errno, "cannot enter the root folder '" + folder + "'");
}

void become(const Credentials& credentials) {
  if (credentials.user != 0 && is_fully(credentials) && !can_be_root_again())
    return;  // there is nothing to give up
  const std::string who = "user " + std::to_string(credentials.user);
  // Groups first: whoever has given up being root may not change them.
  if (::setgroups(credentials.groups.size(), credentials.groups.data()) != 0)
    throw_error(errno, "cannot take the groups of " + who);
  if (::setresgid(credentials.group, credentials.group, credentials.group) != 0)
    throw_error(errno, "cannot take the group of " + who);
  if (::setresuid(credentials.user, credentials.user, credentials.user) != 0)
    throw_error(errno, "cannot become " + who);
  if (!is_fully(credentials)) throw_error(EPERM, "has not become " + who);
  if (credentials.user != 0 && can_be_root_again())
    throw_error(EPERM, "has become " + who + ", but could still go back to root");
}

}  // namespace tinyhttpd
