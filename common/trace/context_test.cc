#include "common/trace/context.h"

#include <string>
#include <thread>

#include "gtest/gtest.h"

namespace crier::trace {
namespace {

constexpr char kExample[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceparentTest, IsReadAndWritten) {
  const auto context = ParseTraceparent(kExample);

  ASSERT_TRUE(context);
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(context->trace_id_hex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(FormatTraceparent(*context), kExample);
}

TEST(TraceparentTest, TheLowestFlagSaysSampled) {
  const std::string base(kExample, 53);

  EXPECT_FALSE(ParseTraceparent(base + "00")->sampled);
  EXPECT_FALSE(ParseTraceparent(base + "fe")->sampled);
  EXPECT_TRUE(ParseTraceparent(base + "ff")->sampled);
}

TEST(TraceparentTest, LaterVersionsMayHaveMore) {
  const std::string later = "cc" + std::string(kExample).substr(2);

  EXPECT_TRUE(ParseTraceparent(later));
  EXPECT_TRUE(ParseTraceparent(later + "-what-the-future-brings"));
  EXPECT_FALSE(ParseTraceparent(later + "."));
}

TEST(TraceparentTest, MalformedOnesAreNone) {
  for (const std::string malformed : {
           "",
           "00",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
           "00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01",
       }) {
    EXPECT_FALSE(ParseTraceparent(malformed)) << malformed;
  }
}

TEST(ContextTest, NoTraceIsNotValidAndHasNoText) {
  EXPECT_FALSE(Context().valid());
  EXPECT_EQ(FormatTraceparent(Context()), "");
}

TEST(ContextTest, NewTracesDiffer) {
  const Context a = NewTrace(true);
  const Context b = NewTrace(true);

  EXPECT_TRUE(a.valid());
  EXPECT_NE(a.trace_id, b.trace_id);
  EXPECT_NE(a.span_id, b.span_id);
}

TEST(ContextTest, AChildIsOfTheSameTrace) {
  const Context parent = NewTrace(true);

  const Context child = NewChild(parent);

  EXPECT_EQ(child.trace_id, parent.trace_id);
  EXPECT_NE(child.span_id, parent.span_id);
  EXPECT_TRUE(child.sampled);
}

TEST(ScopeTest, NestsAndIsOfItsThreadAlone) {
  const Context outer = NewTrace(false);
  const Context inner = NewTrace(false);

  const Scope outer_scope(outer);
  {
    const Scope inner_scope(inner);
    EXPECT_EQ(Current(), inner);
    std::thread([] { EXPECT_FALSE(Current().valid()); }).join();
  }

  EXPECT_EQ(Current(), outer);
}

}  // namespace
}  // namespace crier::trace
