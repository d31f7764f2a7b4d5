#include "common/trace/span.h"

#include <memory>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace crier::trace {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class CollectingSink : public SpanSink {
 public:
  explicit CollectingSink(std::vector<FinishedSpan>& spans) : spans_(spans) {}
  void Take(FinishedSpan span) override { spans_.push_back(std::move(span)); }

 private:
  std::vector<FinishedSpan>& spans_;
};

class SpanTest : public testing::Test {
 protected:
  SpanTest() { Record(1); }
  ~SpanTest() override { SetSink(nullptr, 0); }

  void Record(double sample_ratio) {
    SetSink(std::make_unique<CollectingSink>(spans_), sample_ratio);
  }

  std::vector<FinishedSpan> spans_;
};

TEST_F(SpanTest, IsTakenWhenItEnds) {
  const Context parent = BeginTrace();
  Context own;
  {
    Span span("attempt", SpanKind::kClient, parent);
    own = span.context();
    span.Set("attempt.number", int64_t{3});
    EXPECT_THAT(spans_, IsEmpty());
  }

  ASSERT_THAT(spans_, SizeIs(1));
  EXPECT_EQ(spans_[0].name, "attempt");
  EXPECT_EQ(spans_[0].kind, SpanKind::kClient);
  EXPECT_EQ(spans_[0].context, own);
  EXPECT_EQ(own.trace_id, parent.trace_id);
  EXPECT_EQ(spans_[0].parent_span_id, parent.span_id);
  EXPECT_GE(spans_[0].duration, absl::ZeroDuration());
  EXPECT_EQ(spans_[0].attributes[0].first, "attempt.number");
  EXPECT_FALSE(spans_[0].failed);
}

TEST_F(SpanTest, FailuresShowTheirCodeAndNoText) {
  Span("a", SpanKind::kInternal, BeginTrace()).SetStatus(absl::NotFoundError("ann@example.com"));

  ASSERT_THAT(spans_, SizeIs(1));
  EXPECT_TRUE(spans_[0].failed);
  EXPECT_EQ(spans_[0].description, "NOT_FOUND");
}

TEST_F(SpanTest, OfATraceThatIsNotRecordedIsNotTaken) {
  const Context parent = NewTrace(false);
  {
    const Span span("a", SpanKind::kInternal, parent);
    EXPECT_EQ(span.context(), parent);
  }
  { const Span span("a", SpanKind::kInternal, Context()); }

  EXPECT_THAT(spans_, IsEmpty());
}

TEST_F(SpanTest, OfABatchIsInTheTraceOfTheFirstThatIsRecorded) {
  const Context silent = NewTrace(false);
  const Context first = NewTrace(true);
  const Context second = NewTrace(true);
  { const Span span("batch", SpanKind::kInternal, {silent, first, second}); }
  { const Span span("batch", SpanKind::kInternal, {silent}); }
  { const Span span("batch", SpanKind::kInternal, std::vector<Context>()); }

  ASSERT_THAT(spans_, SizeIs(1));
  EXPECT_EQ(spans_[0].context.trace_id, first.trace_id);
  EXPECT_THAT(spans_[0].links, ElementsAre(silent, first, second));
}

TEST_F(SpanTest, TheRatioDecidesWhichNewTracesAreRecorded) {
  EXPECT_TRUE(BeginTrace().sampled);

  Record(0);
  EXPECT_FALSE(BeginTrace().sampled);
  EXPECT_TRUE(BeginTrace().valid());
}

TEST_F(SpanTest, WithoutASinkNothingIsRecorded) {
  SetSink(nullptr, 1);

  EXPECT_FALSE(BeginTrace().sampled);
  EXPECT_FALSE(Span("a", SpanKind::kInternal, NewTrace(true)).recorded());
}

}  // namespace
}  // namespace crier::trace
