#include "tinyhttpd/worker_board.hpp"

namespace tinyhttpd {
namespace {

/// What a thread is to the board that it last wrote to.
struct Role {
  const WorkerBoard* board = nullptr;
  std::size_t worker = 0;
  TimePoint last = {};  // it was seen to work
};

Role& role_of_thread() {
  thread_local Role role;
  return role;
}

}  // namespace

void WorkerBoard::began(std::size_t worker, TimePoint now) {
  if (worker >= kMostWorkers) return;
  role_of_thread() = {this, worker, now};
  std::size_t count = count_.load(std::memory_order_relaxed);
  while (count <= worker && !count_.compare_exchange_weak(count, worker + 1)) continue;
  Slot& slot = (*slots_)[worker];
  slot.exchange.store(0, std::memory_order_relaxed);
  slot.since.store(now.time_since_epoch().count(), std::memory_order_relaxed);
  slot.busy.store(true, std::memory_order_relaxed);
}

void WorkerBoard::done(std::size_t worker) {
  Role& role = role_of_thread();
  if (role.board != this || role.worker != worker) return;
  role.board = nullptr;
  Slot& slot = (*slots_)[worker];
  slot.busy.store(false, std::memory_order_relaxed);
  slot.exchange.store(0, std::memory_order_relaxed);
  slot.since.store(role.last.time_since_epoch().count(), std::memory_order_relaxed);
}

void WorkerBoard::works_on(RequestId exchange, TimePoint now) {
  Role& role = role_of_thread();
  if (role.board != this) return;
  role.last = now;
  (*slots_)[role.worker].exchange.store(exchange, std::memory_order_relaxed);
}

void WorkerBoard::pass_by() {
  const Role& role = role_of_thread();
  if (role.board != this) return (void)++passed_by_others_;
  // Nobody else writes here.
  auto& count = (*slots_)[role.worker].passed_by;
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

std::uint64_t WorkerBoard::passed_by() const {
  std::uint64_t sum = passed_by_others_;
  for (std::size_t worker = 0; worker < count_; ++worker)
    sum += (*slots_)[worker].passed_by.load(std::memory_order_relaxed);
  return sum;
}

int WorkerBoard::this_worker() const {
  const Role& role = role_of_thread();
  return role.board == this ? static_cast<int>(role.worker) : -1;
}

std::vector<WorkerBoard::Line> WorkerBoard::lines() const {
  std::vector<Line> lines(count_);
  for (std::size_t worker = 0; worker < lines.size(); ++worker) {
    const Slot& slot = (*slots_)[worker];
    lines[worker] = {.busy = slot.busy.load(std::memory_order_relaxed),
                     .exchange = slot.exchange.load(std::memory_order_relaxed),
                     .since = TimePoint(Clock::duration(slot.since.load(std::memory_order_relaxed)))};
  }
  return lines;
}

}  // namespace tinyhttpd
