// Runs the whole command against a fake server.
#ifndef RUNNEL_TESTS_CLIENT_CLIENT_FIXTURE_H_
#define RUNNEL_TESTS_CLIENT_CLIENT_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <streambuf>
#include <string>
#include <vector>

#include "client/run_client.h"
#include "tests/client/fake_server.h"

namespace runnel::client {

// A pipe whose reader closes it after `bytes` bytes, so that further writes fail with `error`.
class LeavingReader : public std::streambuf {
 public:
  LeavingReader(size_t bytes, int error) : left_(bytes), error_(error) {}
  const std::string& received() const { return received_; }

 private:
  std::streamsize xsputn(const char* bytes, std::streamsize count) override {
    const size_t taken = std::min(left_, static_cast<size_t>(count));
    received_.append(bytes, taken);
    left_ -= taken;
    if (taken < static_cast<size_t>(count)) errno = error_;
    return static_cast<std::streamsize>(taken);
  }
  int overflow(int c) override {
    const char byte = static_cast<char>(c);
    return xsputn(&byte, 1) == 1 ? c : EOF;
  }

  size_t left_;
  int error_;
  std::string received_;
};

// Runs the whole command against the fake server. Set the handlers of `fake`, call Run, and compare
// out, err and the exit status.
class ClientTest : public ::testing::Test {
 protected:
  // Runs `runnel --server <the fake> args...`.
  int Run(std::vector<std::string> args) {
    args.insert(args.begin(), {"--server", fake.address});
    return RunAsGiven(args);
  }

  int RunAsGiven(const std::vector<std::string>& args) {
    std::istringstream in(input);
    std::ostringstream captured;
    std::ostringstream captured_err;
    std::ostream pipe(reader);
    Environment environment{
        in,          reader == nullptr ? captured : pipe, captured_err,
        is_terminal, [this] { return columns; },          [this] { return now; },
        interrupt};
    const int code = RunClient(args, environment);
    out = captured.str();
    err = captured_err.str();
    return code;
  }

  std::string WriteFile(const std::string& name, const std::string& text) {
    const std::string path = ::testing::TempDir() + "/runnel_client_test_" + name;
    std::ofstream(path, std::ios::binary) << text;
    files_.push_back(path);
    return path;
  }

  // A handler may still run after the client has given up its call, and use members of the test.
  void TearDown() override {
    if (fake.server != nullptr) fake.server->Shutdown(std::chrono::system_clock::now());
  }
  ~ClientTest() override {
    for (const std::string& path : files_) std::filesystem::remove(path);
  }

  FakeServer fake;
  Interrupt interrupt;
  std::string input;
  bool is_terminal = false;
  int columns = 80;
  std::chrono::steady_clock::time_point now;
  std::streambuf* reader = nullptr;  // if set, receives standard output instead of `out`
  std::string out;
  std::string err;

 private:
  std::vector<std::string> files_;
};

}  // namespace runnel::client

#endif  // RUNNEL_TESTS_CLIENT_CLIENT_FIXTURE_H_
