// Segments and tags in EntityService over real gRPC.
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status/errors.h"
#include "gmock/gmock.h"
#include "services/ingest/entity_service_fixture.h"

namespace crier::ingest {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class LabelsTest : public EntityServiceTest {
 protected:
  // Contacts of community 1 name four segments and four tags, one of them twice; one of community 2
  // names another.
  void AddLabels() {
    v1::BatchIngestRequest batch;
    for (const char* name : {"Champions", "at risk", "Beta", "CHAMPIONS", "beta testers"}) {
      AddLabelled("communities/1", name, batch);
    }
    AddLabelled("communities/2", "elsewhere", batch);
    v1::BatchIngestResponse response;
    ASSERT_EQ(Ingest(replica_, batch, &response), absl::OkStatus());
  }

  static void AddLabelled(const std::string& community, const std::string& name,
                          v1::BatchIngestRequest& batch) {
    v1::UpsertContactRequest& request = *batch.add_items()->mutable_contact();
    request.set_parent(community);
    request.mutable_contact()->set_primary_email(absl::StrCat(batch.items_size(), "@example.com"));
    request.mutable_contact()->add_segments()->set_name(name);
    request.mutable_contact()->add_tags()->set_name(name);
    request.add_sightings()->set_source("Test");
  }

  template <typename Request>
  static Request Listing(const std::string& filter, const std::string& order_by,
                         int page_size = 0) {
    Request request;
    request.set_parent("communities/1");
    request.set_filter(filter);
    request.set_order_by(order_by);
    request.set_page_size(page_size);
    return request;
  }

  template <typename Labels>
  static std::vector<std::string> Shown(const Labels& labels) {
    std::vector<std::string> shown;
    for (const auto& label : labels) shown.push_back(absl::StrCat(label.id(), " ", label.name()));
    return shown;
  }

  std::vector<std::string> Segments(const std::string& filter, const std::string& order_by = "") {
    v1::ListSegmentsResponse response;
    EXPECT_EQ(
        Ask(&Stub::ListSegments, Listing<v1::ListSegmentsRequest>(filter, order_by), &response),
        absl::OkStatus());
    return Shown(response.segments());
  }

  std::vector<std::string> Tags(const std::string& filter, const std::string& order_by = "") {
    v1::ListTagsResponse response;
    EXPECT_EQ(Ask(&Stub::ListTags, Listing<v1::ListTagsRequest>(filter, order_by), &response),
              absl::OkStatus());
    return Shown(response.tags());
  }
};

TEST_F(LabelsTest, AreListedInTheSpellingThatCameFirst) {
  AddLabels();
  EXPECT_THAT(Segments(""), ElementsAre("1 Champions", "2 at risk", "3 Beta", "4 beta testers"));
  EXPECT_THAT(Tags(""), ElementsAre("1 Champions", "2 at risk", "3 Beta", "4 beta testers"));
}

TEST_F(LabelsTest, AreFilteredAndOrdered) {
  AddLabels();
  EXPECT_THAT(Segments("name = \"beta*\"", "id desc"), ElementsAre("4 beta testers", "3 Beta"));
  EXPECT_THAT(Tags("id > 1 AND NOT name = \"beta\"", "id desc"),
              ElementsAre("4 beta testers", "2 at risk"));
  EXPECT_THAT(Segments("name = nothing"), ElementsAre());
}

TEST_F(LabelsTest, AreListedPageByPage) {
  AddLabels();
  auto segments = Listing<v1::ListSegmentsRequest>("", "", 3);
  auto tags = Listing<v1::ListTagsRequest>("", "name", 3);
  v1::ListSegmentsResponse segments_page;
  v1::ListTagsResponse tags_page;
  ASSERT_EQ(Ask(&Stub::ListSegments, segments, &segments_page), absl::OkStatus());
  ASSERT_EQ(Ask(&Stub::ListTags, tags, &tags_page), absl::OkStatus());
  EXPECT_THAT(segments_page.segments(), SizeIs(3));
  EXPECT_THAT(tags_page.tags(), SizeIs(3));

  segments.set_page_token(segments_page.next_page_token());
  tags.set_page_token(tags_page.next_page_token());
  v1::ListSegmentsResponse segments_rest;
  v1::ListTagsResponse tags_rest;
  ASSERT_EQ(Ask(&Stub::ListSegments, segments, &segments_rest), absl::OkStatus());
  ASSERT_EQ(Ask(&Stub::ListTags, tags, &tags_rest), absl::OkStatus());

  EXPECT_THAT(Shown(segments_rest.segments()), ElementsAre("4 beta testers"));
  EXPECT_THAT(tags_rest.tags(), SizeIs(1));
  EXPECT_EQ(segments_rest.next_page_token(), "");
  EXPECT_EQ(tags_rest.next_page_token(), "");
}

TEST_F(LabelsTest, AreCountedAndFoundByName) {
  AddLabels();
  v1::CountSegmentsRequest count_segments;
  count_segments.set_parent("communities/1");
  count_segments.set_filter("name = \"*a*\"");
  v1::CountTagsRequest count_tags;
  count_tags.set_parent("communities/2");
  v1::CountResponse count;
  ASSERT_EQ(Ask(&Stub::CountSegments, count_segments, &count), absl::OkStatus());
  EXPECT_EQ(count.count(), 4);
  ASSERT_EQ(Ask(&Stub::CountTags, count_tags, &count), absl::OkStatus());
  EXPECT_EQ(count.count(), 1);

  v1::GetSegmentRequest get_segment;
  get_segment.set_name("communities/1/segments/2");
  entity::v1::Segment segment;
  ASSERT_EQ(Ask(&Stub::GetSegment, get_segment, &segment), absl::OkStatus());
  EXPECT_EQ(segment.name(), "at risk");
  v1::GetTagRequest get_tag;
  get_tag.set_name("communities/1/tags/9");
  entity::v1::Tag tag;
  EXPECT_EQ(Ask(&Stub::GetTag, get_tag, &tag).code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace crier::ingest
