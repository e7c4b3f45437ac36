#include "tinyhttpd/worker_board.hpp"

#include <doctest/doctest.h>

#include <thread>

using namespace tinyhttpd;

namespace {

TimePoint second(int number) {
  return TimePoint(std::chrono::seconds(number));
}

}  // namespace

TEST_CASE("WorkerBoard shows who is at work, on what and since when") {
  WorkerBoard board;
  CHECK(board.lines().empty());
  CHECK(board.this_worker() == -1);
  board.began(2, second(10));
  CHECK(board.this_worker() == 2);
  board.works_on(7, second(11));
  REQUIRE(board.lines().size() == 3);
  CHECK_FALSE(board.lines()[0].busy);
  CHECK(board.lines()[2].busy);
  CHECK(board.lines()[2].exchange == 7);
  CHECK(board.lines()[2].since == second(10));

  board.done(2);
  CHECK(board.this_worker() == -1);
  CHECK_FALSE(board.lines()[2].busy);
  CHECK(board.lines()[2].exchange == 0);
  CHECK(board.lines()[2].since == second(11));
}

TEST_CASE("WorkerBoard does not take a thread for a worker that another board knows") {
  WorkerBoard board, other;
  board.began(0, second(1));
  other.works_on(5, second(2));
  CHECK(other.this_worker() == -1);
  CHECK(other.lines().empty());
  std::thread([&] { board.works_on(6, second(3)); }).join();
  CHECK(board.lines()[0].exchange == 0);
}

TEST_CASE("WorkerBoard has an end") {
  WorkerBoard board;
  board.began(WorkerBoard::kMostWorkers, second(1));
  board.works_on(3, second(1));
  board.done(WorkerBoard::kMostWorkers);
  CHECK(board.lines().empty());
}
