// The operator's choices, from flags, from RUNNEL_<FLAG> in the environment, or from a config file,
// in this order of precedence.
#ifndef RUNNEL_SERVER_OPTIONS_H_
#define RUNNEL_SERVER_OPTIONS_H_

#include <cstdint>
#include <string>

#include "core/math/decode_precision.h"
#include "core/math/instruction_set.h"
#include "server/base/process_limits.h"
#include "server/memory_shares.h"

namespace runnel::server {

// The number of threads that this process can run at once, at least 1: the processors that it is
// bound to, but no more than its CPU quota.
int HardwareThreads();

struct ServerOptions {
  std::string listen = "127.0.0.1:50051";  // HOST:PORT (port 0 picks a free one) or unix:PATH
  std::string data_dir = "runnel-data";    // the folder of the models and uploaded corpora
  // The folder whose files a corpus_path may name. Empty: none may be named.
  std::string corpus_dir;
  // The number of threads that train.
  int threads = HardwareThreads();
  // The number of threads that write, score and fill texts.
  int generation_threads = HardwareThreads();
  // The number format in which one-directional models write and score; training and files use f32.
  DecodePrecision decode_precision = DecodePrecision::kF32;
  // The best instruction set that the process may use for its arithmetic.
  InstructionSet instruction_set = InstructionSet::kBest;
  // The memory that the process may use. It follows from the system's limits; there is no flag.
  int64_t memory_bytes = MemoryBytes();
  // The size of a request's largest field; see kMessageSlackBytes.
  int64_t max_message_bytes = DefaultMessageBytes(memory_bytes);
  int max_chars = 1'000'000;                      // the largest stop.max_chars
  int max_queued_jobs = 16;                       // training jobs that wait
  int max_streams = 4096;                         // texts that are written at a time
  int64_t max_upload_bytes = int64_t{4} << 30;    // the size of one uploaded corpus
  int64_t max_model_bytes = int64_t{4} << 30;     // the size of one imported model file
  int64_t max_corpora_bytes = int64_t{16} << 30;  // of all uploaded corpora; the oldest make room
  int max_connections = 0;  // at a time; 0: as many as the limit of file descriptors allows
  int max_streams_per_connection = 0;  // calls under way on one; 0: as many as in all
  // Times in seconds.
  int drain_seconds = 10;                 // how long running streams may take to end at shutdown
  int stalled_stream_seconds = 120;       // how long a client may take and send nothing in a call
  int keepalive_seconds = 30;             // silence after which the server pings a client
  int keepalive_timeout_seconds = 10;     // how long a client may take to answer that ping
  int max_connection_idle_seconds = 300;  // how long a connection may be without calls; 0: forever
  int max_connection_age_seconds = 0;     // after which a client is asked to reconnect; 0: never
  int max_job_seconds = 0;                // how long a job may train; 0: no limit
};

struct ParsedOptions {
  ServerOptions options;
  bool run = false;   // if false, the process ends with exit_code: help, version, or a bad flag
  int exit_code = 0;  // 2 for a bad flag
};

// The version of this server, such as "1.2.3".
const char* Version();

// Parses the arguments of the program. Prints help and version on stdout, errors on stderr.
ParsedOptions ParseOptions(int argc, const char* const* argv);

}  // namespace runnel::server

#endif  // RUNNEL_SERVER_OPTIONS_H_
