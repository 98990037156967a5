package io.outboxworker.benchmarks.ground;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TallyTest {
  private final Arrivals arrivals = new Arrivals();

  @Test
  void what_arrives_once_at_every_endpoint_of_its_tenant_is_complete() {
    for (int seq = 0; seq < 10; seq++) {
      accepted(seq, seq % 2, seq % 2 * 3);
      accepted(seq, seq % 2, seq % 2 * 3 + 1);
      accepted(seq, seq % 2, seq % 2 * 3 + 2);
    }

    assertThat(Tally.of(arrivals, 10, 3, 30)).isEqualTo(new Tally(0, 0, 0));
  }

  @Test
  void an_event_that_one_of_two_endpoints_did_not_get_is_lost_there() {
    accepted(0, 0, 0);
    accepted(0, 0, 1);
    accepted(1, 0, 1);

    assertThat(Tally.of(arrivals, 2, 2, 4)).isEqualTo(new Tally(1, 0, 0));
  }

  @Test
  void an_attempt_that_was_refused_neither_counts_nor_makes_the_next_one_a_duplicate() {
    arrivals.add(EventId.low(0, 0), 0, false, 1);
    accepted(0, 0, 0);
    arrivals.add(EventId.low(1, 0), 0, false, 2);

    assertThat(Tally.of(arrivals, 2, 1, 2)).isEqualTo(new Tally(1, 0, 0));
  }

  @Test
  void a_post_after_an_accepted_one_is_a_duplicate_and_makes_up_for_nothing() {
    accepted(0, 0, 0);
    accepted(0, 0, 0);
    accepted(0, 0, 0);

    assertThat(Tally.of(arrivals, 2, 1, 2)).isEqualTo(new Tally(1, 2, 0));
  }

  @Test
  void events_that_were_never_committed_and_endpoints_of_others_are_ghosts() {
    accepted(0, 0, 0);
    accepted(1, 0, 0);
    accepted(0, 0, 1);

    assertThat(Tally.of(arrivals, 1, 1, 1)).isEqualTo(new Tally(0, 0, 2));
  }

  private void accepted(long seq, int tenant, int endpoint) {
    arrivals.add(EventId.low(seq, tenant), endpoint, true, seq);
  }
}
