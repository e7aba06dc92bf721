// A peer that speaks HTTP/2 frame by frame, so that a test can do what no gRPC client does: grant a
// window of 0, never acknowledge the server's settings, send half a request. One thread may use it.
//
// Header blocks are sent as literals without indexing. Those that arrive are not decoded: gRPC
// writes a header as a literal the first time on a connection, so that a test can search the block
// for a text.
#ifndef RUNNEL_TESTS_TESTING_HTTP2_PEER_H_
#define RUNNEL_TESTS_TESTING_HTTP2_PEER_H_

#include <cstdint>
#include <map>
#include <string>

namespace runnel::testing {

class Http2Peer {
 public:
  struct Options {
    uint32_t window = 65535;  // bytes that the server may send on a stream
    bool acknowledges_settings = true;
    bool answers_pings = true;
  };
  struct Stream {
    bool ended = false;   // the server closed it or reset it
    std::string headers;  // the raw header blocks that arrived
    int64_t bytes = 0;    // of data that arrived
  };

  // Connects to a port of 127.0.0.1. If that fails, `connected` tells.
  Http2Peer(int port, const Options& options);
  ~Http2Peer();
  Http2Peer(const Http2Peer&) = delete;
  Http2Peer& operator=(const Http2Peer&) = delete;

  bool connected() const { return socket_ >= 0; }

  // Begins a call of a method ("/package.Service/Method"). Returns its stream's number.
  uint32_t Begin(const std::string& method);
  // Sends a message, given as its bytes; `last` ends the request.
  void Send(uint32_t stream, const std::string& message, bool last);
  // Sends as much of a message of `size` zeros as the server's windows let through by now, but
  // never its last byte. The first call for a stream also sends the message's length.
  void SendIncomplete(uint32_t stream, uint32_t size);
  void Ping();
  // Begin and Send of the only message.
  uint32_t Call(const std::string& method, const std::string& message);

  // Reads what has arrived, and for up to `milliseconds` more until `stream` has ended. Pass 0 as
  // the stream to read for the whole time. False if the stream has not ended.
  bool ReadUntilEnd(uint32_t stream, int milliseconds);
  const Stream& stream(uint32_t number) { return streams_[number]; }
  int ended() const;
  bool told_to_go() const { return told_to_go_; }               // GOAWAY has arrived
  int64_t sent_incomplete() const { return sent_incomplete_; }  // bytes

 private:
  // The bytes that the server lets this side send on a stream; 0 is the whole connection.
  int64_t WindowOf(uint32_t stream) const;
  void SendFrame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload);
  void TakeFrames();
  void TakeFrame(uint8_t type, uint8_t flags, uint32_t stream, const std::string& payload);

  const Options options_;
  int socket_ = -1;
  uint32_t next_stream_ = 1;
  std::string received_;  // up to a frame's end
  std::map<uint32_t, Stream> streams_;
  // By stream. Only SendIncomplete keeps to the windows, so a connection uses either that or Send.
  std::map<uint32_t, int64_t> sent_;
  std::map<uint32_t, int64_t> granted_;  // in addition to the initial window
  int64_t initial_window_ = 65535;       // of streams; the server may change it
  int64_t sent_incomplete_ = 0;
  bool told_to_go_ = false;
};

}  // namespace runnel::testing

#endif  // RUNNEL_TESTS_TESTING_HTTP2_PEER_H_
