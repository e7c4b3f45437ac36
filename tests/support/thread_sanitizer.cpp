// What ThreadSanitizer cannot know. Read by it at its start; without it, nobody calls this.

#if defined(__SANITIZE_THREAD__)
#define TINYHTTPD_THREAD_SANITIZER
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TINYHTTPD_THREAD_SANITIZER
#endif
#endif

#ifdef TINYHTTPD_THREAD_SANITIZER

// NOLINTNEXTLINE: the sanitizer's own name
extern "C" const char* __tsan_default_suppressions();

extern "C" const char* __tsan_default_suppressions() {
  // A parked connection is armed by EPOLL_CTL_MOD. Whoever is woken by that, and may close the socket, comes
  // after it; the sanitizer knows that of EPOLL_CTL_ADD only.
  return "race:tinyhttpd::Acceptor::watch\n";
}

#endif
