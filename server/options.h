// What the operator chooses: flags, RUNNEL_<FLAG> in the environment, or a config file, in this
// order of precedence.
#ifndef RUNNEL_SERVER_OPTIONS_H_
#define RUNNEL_SERVER_OPTIONS_H_

#include <cstdint>
#include <string>

#include "core/math/decode_precision.h"
#include "core/math/instruction_set.h"

namespace runnel::server {

// The number of threads that this process can run at once, at least 1: the processors that it is
// bound to, but no more than its CPU quota.
int HardwareThreads();

struct ServerOptions {
  std::string listen = "127.0.0.1:50051";      // HOST:PORT (port 0 picks a free one) or unix:PATH
  std::string data_dir = "runnel-data";        // models and uploaded corpora
  std::string corpus_dir;                      // what corpus_path may name; empty: it is refused
  int threads = HardwareThreads();             // of training
  int generation_threads = HardwareThreads();  // of Sample and GenerateChars
  // In which one-directional models write and score; training and files stay f32.
  DecodePrecision decode_precision = DecodePrecision::kF32;
  // The best that the arithmetic uses, of the whole process.
  InstructionSet instruction_set = InstructionSet::kBest;
  int64_t max_message_bytes = 64 << 20;  // of one request's largest field; see kMessageSlackBytes
  int max_chars = 1'000'000;             // the largest stop.max_chars
  int max_queued_jobs = 16;              // training jobs that wait
  int max_streams = 4096;                // texts being written at a time
  int64_t max_upload_bytes = int64_t{4} << 30;    // of one uploaded corpus
  int64_t max_model_bytes = int64_t{4} << 30;     // of one imported model's file
  int64_t max_corpora_bytes = int64_t{16} << 30;  // of all uploaded corpora; the oldest give way
  int drain_seconds = 10;                         // that running streams have to finish at shutdown
  int max_connections = 0;                        // 0: as many as the limit of descriptors allows
  int keepalive_seconds = 30;          // of silence after which a peer is asked for a sign of life
  int keepalive_timeout_seconds = 10;  // that a peer has to give it
  int max_connection_idle_seconds =
      300;                             // after which a connection without calls is closed; 0: none
  int max_connection_age_seconds = 0;  // after which clients are asked to connect again; 0: none
  int max_job_seconds = 0;             // after which a training job ends; 0: none
};

// What a message may have beyond max_message_bytes: a text of exactly that size still needs room
// for the other fields.
inline constexpr int64_t kMessageSlackBytes = 64 << 10;

struct ParsedOptions {
  ServerOptions options;
  bool run = false;   // else the process ends with exit_code: help, version, or a bad flag
  int exit_code = 0;  // 2 for a bad flag
};

// The version of this server, such as "1.2.3".
const char* Version();

// Prints help and version on stdout, errors on stderr.
ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_OPTIONS_H_
