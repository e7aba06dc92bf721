// A disk on which one change fails.
#ifndef RUNNEL_TESTS_TESTING_FAILING_CHANGE_H_
#define RUNNEL_TESTS_TESTING_FAILING_CHANGE_H_

#include "core/base/disk.h"

namespace runnel::testing {

// While this lives, the n-th change of files and folders, counted from 1, fails with `error`.
class FailingChange : public disk::Observer {
 public:
  FailingChange(int n, int error) : left_(n), error_(error) { disk::Observe(this); }
  ~FailingChange() override { disk::Observe(nullptr); }
  FailingChange(const FailingChange&) = delete;
  FailingChange& operator=(const FailingChange&) = delete;

  bool has_failed() const { return left_ <= 0; }

 private:
  int Before(disk::Change* /*change*/) override { return --left_ == 0 ? error_ : 0; }

  int left_;
  const int error_;
};

}  // namespace runnel::testing

#endif  // RUNNEL_TESTS_TESTING_FAILING_CHANGE_H_
