// How a stream of frames from a client is served: each frame is worked on and answered in its turn,
// and no more is read than a window of frames, so the client is held back by HTTP/2's flow control.
#ifndef CRIER_COMMON_RPC_FRAME_STREAM_H_
#define CRIER_COMMON_RPC_FRAME_STREAM_H_

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "common/rpc/arena.h"
#include "common/rpc/malformed_requests.h"
#include "common/rpc/open_streams.h"
#include "common/rpc/status.h"

namespace crier::rpc {

// Frames of one stream that may be in work at the same time: while one is committed the next is
// prepared, and another is on its way.
inline constexpr size_t kFrameWindow = 4;

// The state of a stream, apart from the kind of its reactor. Events come from any thread; what
// follows from them (reading, emitting, ending) is done by one thread at a time, without locks
// held.
//
// Frames arrive as bytes and are parsed here: to a reactor of messages, a frame that cannot be
// parsed looks like the end of the stream.
template <typename Request, typename Reply>
class FrameStream : public OpenStreams::Stream {
 public:
  // Works on a frame, whose request is given away, and calls `done` exactly once from any thread
  // when the reply, which lives until then, is filled. A status that is not OK ends the stream,
  // after the frames before it; its reply is not sent. Must not block.
  using Work = std::function<void(std::shared_ptr<Request> request, Reply& reply,
                                  std::function<void(absl::Status)> done)>;

 protected:
  explicit FrameStream(Work work) : work_(std::move(work)) {}
  ~FrameStream() override = default;

  // Registers the stream, which owns itself until Release(), and begins to read.
  void Begin(OpenStreams& streams, std::shared_ptr<FrameStream> self) {
    self_ = std::move(self);
    const std::shared_ptr<FrameStream> alive = self_;
    const absl::Status closed = streams.Add(alive);
    if (!closed.ok()) return Close(closed);
    Advance([] {});
  }
  // gRPC is done with the stream.
  void Release() { self_.reset(); }

  // What gRPC has completed.
  void ReadDone(bool ok) {
    Advance([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      reading_ = false;
      if (ok) {
        arrived_ = true;
      } else {
        frames_.pop_back();
        half_closed_ = true;
      }
    });
  }
  void EmitDone(bool ok) {
    Advance([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      emitting_.reset();
      if (!ok) cancelled_ = true;
    });
  }
  void Cancelled() {
    Advance([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { cancelled_ = true; });
  }

 private:
  struct Frame {
    grpc::ByteBuffer bytes;
    Reply reply;
    absl::Status status;
    bool done = false;
  };

  enum class Step { kNone, kWork, kEmit, kRead, kFinish };

  // What the reactor does. Emit() may complete at once (EmitDone) or later; the reply lives until
  // then. Nothing is called after Finish.
  virtual void StartReading(grpc::ByteBuffer* bytes) = 0;
  virtual void Emit(const Reply& reply) = 0;
  virtual void FinishWith(const absl::Status& status) = 0;

  // Reads no more; what was read is worked on and answered, and the stream ends with `status`.
  void Close(const absl::Status& status) override {
    Advance([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      if (end_.ok()) end_ = status;
      closing_ = true;
    });
  }

  // Notes what has happened, and does what follows unless another thread is at it, which then does
  // that too. The stream may be gone afterwards.
  void Advance(absl::FunctionRef<void()> happened) {
    {
      absl::MutexLock lock(&mutex_);
      happened();
      if (advancing_) return;
      advancing_ = true;
    }
    while (Take()) {
    }
  }

  // Does one step; false when there is none, or it was the last.
  bool Take() {
    Frame* frame = nullptr;
    Step step;
    {
      absl::MutexLock lock(&mutex_);
      step = NextStep(&frame);
      if (step == Step::kNone) advancing_ = false;
    }
    switch (step) {
      case Step::kNone:
        return false;
      case Step::kWork:
        WorkOn(frame);
        return true;
      case Step::kEmit:
        Emit(frame->reply);
        return true;
      case Step::kRead:
        StartReading(&frame->bytes);
        return true;
      case Step::kFinish:
        FinishWith(end_status());
        return false;
    }
    return false;
  }

  void WorkOn(Frame* frame) {
    // Alive also while the last of them is the end of the stream.
    const auto done = [self = self_, frame](const absl::Status& status) {
      self->Advance([&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(self->mutex_) {
        frame->status = status;
        frame->done = true;
        if (!status.ok()) self->closing_ = true;
      });
    };
    std::shared_ptr<Request> request = NewOnArena<Request>();
    const absl::Status parsed = ParseRequest(frame->bytes, *request);
    frame->bytes.Clear();
    if (!parsed.ok()) return done(parsed);
    work_(std::move(request), frame->reply, done);
  }

  // What is to be done next, and with which frame.
  Step NextStep(Frame** frame) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (TakeArrived(frame)) return Step::kWork;
    if (TakeAnswered(frame)) return Step::kEmit;
    if (IsOver() && !finished_) {
      finished_ = true;
      return Step::kFinish;
    }
    return TakeRoom(frame) ? Step::kRead : Step::kNone;
  }

  // The frame that has just been read.
  bool TakeArrived(Frame** frame) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!std::exchange(arrived_, false)) return false;
    // What arrives after the end was decided is left to the client to send again.
    if (Ending()) {
      frames_.pop_back();
      return false;
    }
    *frame = frames_.back().get();
    return true;
  }

  // The first frame, when it is answered, and so is the one before it. Without a word go those that
  // have failed or come after one that has.
  bool TakeAnswered(Frame** frame) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    while (emitting_ == nullptr && InWork() > 0 && frames_.front()->done) {
      std::unique_ptr<Frame> first = std::move(frames_.front());
      frames_.pop_front();
      if (!first->status.ok()) {
        failed_ = true;
        if (end_.ok()) end_ = first->status;
      }
      if (failed_ || cancelled_) continue;
      emitting_ = std::move(first);
      *frame = emitting_.get();
      return true;
    }
    return false;
  }

  // A new frame, to be read into.
  bool TakeRoom(Frame** frame) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (reading_ || half_closed_ || Ending() || frames_.size() >= kFrameWindow) return false;
    frames_.push_back(std::make_unique<Frame>());
    reading_ = true;
    *frame = frames_.back().get();
    return true;
  }

  // Frames that have been read and not answered.
  size_t InWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return frames_.size() - (reading_ ? 1 : 0);
  }

  bool IsOver() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return InWork() == 0 && emitting_ == nullptr && (half_closed_ || Ending());
  }

  bool Ending() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closing_ || cancelled_ || failed_;
  }

  absl::Status end_status() {
    absl::MutexLock lock(&mutex_);
    return cancelled_ && end_.ok() ? absl::CancelledError() : end_;
  }

  const Work work_;
  std::shared_ptr<FrameStream> self_;

  absl::Mutex mutex_;
  bool advancing_ ABSL_GUARDED_BY(mutex_) = false;
  // In the order of the stream; the last one is being read into while `reading_`.
  std::deque<std::unique_ptr<Frame>> frames_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Frame> emitting_ ABSL_GUARDED_BY(mutex_);
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool arrived_ ABSL_GUARDED_BY(mutex_) = false;  // the last frame waits to be worked on
  bool half_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  bool failed_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status end_ ABSL_GUARDED_BY(mutex_);
};

// A stream that answers every frame. Owns itself.
//
//   return FrameExchange<Request, Reply>::Start(streams_, work);
template <typename Request, typename Reply>
class FrameExchange : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
                      public FrameStream<Request, Reply> {
 public:
  using Stream = FrameStream<Request, Reply>;

  // `streams` must outlive the server.
  static FrameExchange* Start(OpenStreams& streams, typename Stream::Work work) {
    const std::shared_ptr<FrameExchange> exchange(new FrameExchange(std::move(work)));
    FrameExchange* const reactor = exchange.get();
    reactor->Begin(streams, exchange);
    return reactor;
  }

 private:
  explicit FrameExchange(typename Stream::Work work) : Stream(std::move(work)) {}

  void OnReadDone(bool ok) override { this->ReadDone(ok); }
  void OnWriteDone(bool ok) override { this->EmitDone(ok); }
  void OnCancel() override { this->Cancelled(); }
  void OnDone() override { this->Release(); }

  void StartReading(grpc::ByteBuffer* bytes) override { StartRead(bytes); }
  void Emit(const Reply& reply) override {
    out_ = Serialize(reply);
    StartWrite(&out_);
  }
  void FinishWith(const absl::Status& status) override { Finish(ToGrpc(status)); }

  grpc::ByteBuffer out_;
};

// A stream that is answered once, with what its frames have come to. Owns itself.
template <typename Request, typename Reply, typename Response>
class FrameCollection : public grpc::ServerReadReactor<grpc::ByteBuffer>,
                        public FrameStream<Request, Reply> {
 public:
  using Stream = FrameStream<Request, Reply>;
  // Adds the reply of a frame, in the order of the frames.
  using Collect = std::function<void(const Reply& reply, Response& response)>;

  // `streams` must outlive the server; `response` is gRPC's.
  static FrameCollection* Start(OpenStreams& streams, typename Stream::Work work, Collect collect,
                                grpc::ByteBuffer* response) {
    const std::shared_ptr<FrameCollection> collection(
        new FrameCollection(std::move(work), std::move(collect), response));
    FrameCollection* const reactor = collection.get();
    reactor->Begin(streams, collection);
    return reactor;
  }

 private:
  FrameCollection(typename Stream::Work work, Collect collect, grpc::ByteBuffer* response)
      : Stream(std::move(work)), collect_(std::move(collect)), out_(response) {}

  void OnReadDone(bool ok) override { this->ReadDone(ok); }
  void OnCancel() override { this->Cancelled(); }
  void OnDone() override { this->Release(); }

  void StartReading(grpc::ByteBuffer* bytes) override { StartRead(bytes); }
  void Emit(const Reply& reply) override {
    collect_(reply, response_);
    this->EmitDone(true);
  }
  void FinishWith(const absl::Status& status) override {
    *out_ = Serialize(response_);
    Finish(ToGrpc(status));
  }

  const Collect collect_;
  grpc::ByteBuffer* const out_;
  Response response_;
};

}  // namespace crier::rpc

#endif  // CRIER_COMMON_RPC_FRAME_STREAM_H_
