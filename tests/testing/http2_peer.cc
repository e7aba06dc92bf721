#include "tests/testing/http2_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace runnel::testing {
namespace {

// RFC 9113, section 6.
constexpr uint8_t kData = 0;
constexpr uint8_t kHeaders = 1;
constexpr uint8_t kResetStream = 3;
constexpr uint8_t kSettings = 4;
constexpr uint8_t kPing = 6;
constexpr uint8_t kGoAway = 7;
constexpr uint8_t kWindowUpdate = 8;
constexpr uint8_t kContinuation = 9;
constexpr uint8_t kAcknowledges = 1;  // of SETTINGS and PING
constexpr uint8_t kEndsStream = 1;
constexpr uint8_t kEndsHeaders = 4;
constexpr char kInitialWindow = 4;            // a setting
constexpr int64_t kConnectionWindow = 65535;  // at first
constexpr size_t kSettingBytes = 6;
constexpr size_t kFrameHeader = 9;
constexpr int64_t kFrameBytesMax = 16384;

std::string BigEndian(uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

uint32_t FromBigEndian(const std::string& text, size_t at, int bytes) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) value = value << 8 | static_cast<uint8_t>(text[at + i]);
  return value;
}

// A literal header field without indexing (RFC 7541, section 6.2.2). Both texts are below 127
// bytes.
std::string Field(const std::string& name, const std::string& value) {
  std::string field(1, '\0');
  field += static_cast<char>(name.size());
  field += name;
  field += static_cast<char>(value.size());
  return field + value;
}

int Connect(int port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    return descriptor;
  }
  close(descriptor);
  return -1;
}

}  // namespace

Http2Peer::Http2Peer(int port, const Options& options) : options_(options), socket_(Connect(port)) {
  if (!connected()) return;
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  send(socket_, preface.data(), preface.size(), MSG_NOSIGNAL);
  SendFrame(kSettings, 0, 0, BigEndian(kInitialWindow, 2) + BigEndian(options.window, 4));
}

Http2Peer::~Http2Peer() {
  if (connected()) close(socket_);
}

uint32_t Http2Peer::Begin(const std::string& method) {
  const uint32_t stream = next_stream_;
  next_stream_ += 2;  // a client's streams have odd numbers
  SendFrame(kHeaders, kEndsHeaders, stream,
            Field(":method", "POST") + Field(":scheme", "http") + Field(":path", method) +
                Field(":authority", "localhost") + Field("te", "trailers") +
                Field("content-type", "application/grpc"));
  return stream;
}

void Http2Peer::Send(uint32_t stream, const std::string& message, bool last) {
  // One byte tells that the message is not compressed.
  const std::string payload =
      std::string(1, '\0') + BigEndian(static_cast<uint32_t>(message.size()), 4) + message;
  SendFrame(kData, last ? kEndsStream : 0, stream, payload);
}

void Http2Peer::SendIncomplete(uint32_t stream, uint32_t size) {
  constexpr int64_t kPrefix = 5;
  while (!streams_[stream].ended) {
    const int64_t left = kPrefix + size - 1 - sent_[stream];
    const int64_t count = std::min({left, WindowOf(stream), WindowOf(0), kFrameBytesMax});
    if (count < (sent_[stream] == 0 ? kPrefix : 1)) return;
    std::string payload(static_cast<size_t>(count), '\0');
    if (sent_[stream] == 0) payload.replace(1, 4, BigEndian(size, 4));
    SendFrame(kData, 0, stream, payload);
    sent_[stream] += count;
    sent_incomplete_ += count;
  }
}

int64_t Http2Peer::WindowOf(uint32_t stream) const {
  const auto granted = granted_.find(stream);
  const int64_t added = granted == granted_.end() ? 0 : granted->second;
  if (stream == 0) return kConnectionWindow + added - sent_incomplete_;
  const auto sent = sent_.find(stream);
  return initial_window_ + added - (sent == sent_.end() ? 0 : sent->second);
}

void Http2Peer::Ping() { SendFrame(kPing, 0, 0, std::string(8, '\0')); }

uint32_t Http2Peer::Call(const std::string& method, const std::string& message) {
  const uint32_t stream = Begin(method);
  Send(stream, message, /*last=*/true);
  return stream;
}

bool Http2Peer::ReadUntilEnd(uint32_t stream, int milliseconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  while (connected() && !streams_[stream].ended) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd ready = {.fd = socket_, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, static_cast<int>(std::max<int64_t>(left, 0))) <= 0) break;
    char bytes[1 << 16];
    const ssize_t count = recv(socket_, bytes, sizeof bytes, 0);
    if (count <= 0) break;  // the server closed the connection
    received_.append(bytes, static_cast<size_t>(count));
    TakeFrames();
  }
  return streams_[stream].ended;
}

int Http2Peer::ended() const {
  return static_cast<int>(std::count_if(streams_.begin(), streams_.end(),
                                        [](const auto& entry) { return entry.second.ended; }));
}

void Http2Peer::SendFrame(uint8_t type, uint8_t flags, uint32_t stream,
                          const std::string& payload) {
  std::string frame = BigEndian(static_cast<uint32_t>(payload.size()), 3);
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  frame += BigEndian(stream, 4) + payload;
  for (size_t sent = 0; sent < frame.size();) {
    const ssize_t count = send(socket_, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;  // the next read tells
    sent += static_cast<size_t>(count);
  }
}

void Http2Peer::TakeFrames() {
  size_t at = 0;
  while (received_.size() - at >= kFrameHeader) {
    const size_t length = FromBigEndian(received_, at, 3);
    if (received_.size() - at < kFrameHeader + length) break;
    TakeFrame(static_cast<uint8_t>(received_[at + 3]), static_cast<uint8_t>(received_[at + 4]),
              FromBigEndian(received_, at + 5, 4), received_.substr(at + kFrameHeader, length));
    at += kFrameHeader + length;
  }
  received_.erase(0, at);
}

void Http2Peer::TakeFrame(uint8_t type, uint8_t flags, uint32_t stream,
                          const std::string& payload) {
  switch (type) {
    case kData:
      streams_[stream].bytes += static_cast<int64_t>(payload.size());
      break;
    case kHeaders:
    case kContinuation:
      streams_[stream].headers += payload;
      break;
    case kResetStream:
      streams_[stream].ended = true;
      return;
    case kGoAway:
      told_to_go_ = true;
      return;
    case kWindowUpdate:
      granted_[stream] += FromBigEndian(payload, 0, 4);
      return;
    case kSettings:
      for (size_t at = 0; at + kSettingBytes <= payload.size(); at += kSettingBytes) {
        if (FromBigEndian(payload, at, 2) == kInitialWindow) {
          initial_window_ = FromBigEndian(payload, at + 2, 4);
        }
      }
      if ((flags & kAcknowledges) == 0 && options_.acknowledges_settings) {
        SendFrame(kSettings, kAcknowledges, 0, "");
      }
      return;
    case kPing:
      if ((flags & kAcknowledges) == 0 && options_.answers_pings) {
        SendFrame(kPing, kAcknowledges, 0, payload);
      }
      return;
    default:
      return;
  }
  if ((flags & kEndsStream) != 0 && type != kContinuation) streams_[stream].ended = true;
}

}  // namespace runnel::testing
