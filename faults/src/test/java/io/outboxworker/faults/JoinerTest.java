package io.outboxworker.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.outboxworker.faults.Entry.State;
import io.outboxworker.faults.Subscriber.Aspect;
import io.outboxworker.faults.Tables.Finished;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The checker itself: a whole run of three events passes, and each way to spoil it is seen. */
final class JoinerTest {
  private static final UUID TENANT = UUID.randomUUID();
  private static final String DATA = Hash.of("{}");
  private static final String BODY = Hash.of("the body");

  private final Subscriber subscriber = Subscriber.steady(UUID.randomUUID(), TENANT, "/a", "x");
  private final List<Subscriber> subscribers = new ArrayList<>(List.of(subscriber));
  private final List<Entry> ledger = new ArrayList<>();
  private final List<Receipt> receipts = new ArrayList<>();
  private final Map<UUID, String> events = new HashMap<>();
  private final List<Finished> finished = new ArrayList<>();
  private final List<UUID> waiting = new ArrayList<>();
  private long outbox;

  @BeforeEach
  void a_run_of_three_events() {
    for (int i = 0; i < 3; i++) {
      deliver(write(State.COMMITTED, 100L * i));
    }
    write(State.ROLLED_BACK, 400);
  }

  @Test
  void a_whole_run_passes() {
    Report report = join();

    assertThat(report.line())
        .isEqualTo(
            "required 3  delivered 3  failed 0  lost 0  ghost 0  altered 0  duplicated 0 (most"
                + " POSTs 1, most beyond attempts 0)  in doubt 0  not final 0");
    assertThat(report.passes(0)).isTrue();
  }

  @Test
  void a_missing_receipt_is_a_lost_delivery() {
    receipts.remove(1);

    assertThat(join().lost()).isEqualTo(1);
    assertThat(join().passes(9)).isFalse();
  }

  @Test
  void a_receipt_that_was_not_accepted_is_none() {
    receipts.set(1, answered(receipts.get(1), 500));

    assertThat(join().lost()).isEqualTo(1);
  }

  @Test
  void a_missing_event_is_a_lost_one() {
    events.remove(finished.get(0).event());
    finished.remove(0);
    receipts.remove(0);

    assertThat(join().lost()).isEqualTo(1);
  }

  @Test
  void a_missing_delivery_is_a_lost_one() {
    finished.remove(0);
    receipts.remove(0);

    assertThat(join().lost()).isEqualTo(1);
    assertThat(join().ghosts()).isZero();
  }

  @Test
  void a_receipt_more_is_a_duplicate_that_only_a_fault_excuses() {
    receipts.add(receipts.get(1));

    Report report = join();

    assertThat(report.duplicated()).isEqualTo(1);
    assertThat(report.mostPosts()).isEqualTo(2);
    assertThat(report.passes(0)).isFalse();
    assertThat(report.passes(1)).isTrue();
  }

  @Test
  void a_receipt_of_an_event_that_nobody_wrote_is_a_ghost() {
    Receipt real = receipts.get(0);
    receipts.add(receipt(real.at(), UUID.randomUUID(), UUID.randomUUID(), "/a", BODY, true));

    assertThat(join().ghosts()).isEqualTo(1);
  }

  @Test
  void a_receipt_of_a_delivery_that_is_nowhere_is_a_ghost() {
    Receipt real = receipts.get(0);
    receipts.add(receipt(real.at(), UUID.randomUUID(), real.event(), "/a", BODY, true));

    assertThat(join().ghosts()).isEqualTo(1);
  }

  @Test
  void after_a_crash_that_forgot_commits_a_post_of_a_lost_delivery_is_a_duplicate() {
    Receipt real = receipts.get(0);
    receipts.add(receipt(real.at(), UUID.randomUUID(), real.event(), "/a", BODY, true));
    receipts.add(receipt(real.at(), UUID.randomUUID(), real.event(), "/b", BODY, true));

    Report report = join(true);

    assertThat(report.mostExtra()).isEqualTo(1);
    assertThat(report.ghosts()).isEqualTo(1);
  }

  @Test
  void a_rolled_back_event_in_the_log_is_a_ghost_and_so_is_its_post() {
    deliver(ledger.get(3));

    assertThat(join().ghosts()).isEqualTo(2);
  }

  @Test
  void two_deliveries_of_an_event_for_one_subscription_are_a_ghost() {
    Finished first = finished.get(0);
    finished.add(new Finished(UUID.randomUUID(), first.event(), subscriber.id(), false, 1, ""));

    assertThat(join().ghosts()).isEqualTo(1);
  }

  @Test
  void another_tenants_receiver_gets_only_ghosts() {
    subscribers.add(Subscriber.steady(UUID.randomUUID(), UUID.randomUUID(), "/b", "x"));
    Receipt real = receipts.remove(0);
    receipts.add(receipt(real.at(), real.delivery(), real.event(), "/b", BODY, true));

    assertThat(join().ghosts()).isEqualTo(1);
  }

  @Test
  void another_body_is_seen_whether_it_differs_from_the_first_or_from_the_ledger() {
    Receipt real = receipts.get(0);
    receipts.add(receipt(real.at(), real.delivery(), real.event(), "/a", Hash.of("other"), true));
    ledger.set(1, withData(ledger.get(1), Hash.of("{\"n\":1}")));

    Report report = join();

    // The second POST of the first event; the data of the second in the log and in its POST.
    assertThat(report.altered()).isEqualTo(3);
    assertThat(report.passes(9)).isFalse();
  }

  @Test
  void a_wrong_signature_is_seen_and_delivers_nothing() {
    Receipt real = receipts.remove(0);
    receipts.add(receipt(real.at(), real.delivery(), real.event(), "/a", BODY, false));

    assertThat(join().altered()).isEqualTo(1);
    assertThat(join().lost()).isEqualTo(1);
  }

  @Test
  void what_still_waits_is_neither_lost_nor_final() {
    waiting.add(finished.remove(0).id());
    receipts.remove(0);
    write(State.COMMITTED, 500);
    outbox = 1;

    Report report = join();

    assertThat(report.lost()).isZero();
    assertThat(report.notFinal()).isEqualTo(2);
    assertThat(report.passes(9)).isFalse();
  }

  @Test
  void an_event_in_doubt_may_be_there_or_not_but_not_by_half() {
    write(State.IN_DOUBT, 500);
    Entry there = write(State.IN_DOUBT, 600);
    deliver(there);
    assertThat(join().inDoubt()).isEqualTo(2);
    assertThat(join().passes(0)).isTrue();

    finished.removeIf(delivery -> delivery.event().equals(there.id()));
    receipts.removeIf(receipt -> receipt.event().equals(there.id()));

    assertThat(join().lost()).isEqualTo(1);
  }

  @Test
  void a_post_after_the_subscription_was_paused_is_a_ghost_unless_it_is_about_then() {
    Subscriber paused = changing("/p");
    paused.end(Aspect.ACTIVE, 1_000, 1_010);
    Entry early = write(State.COMMITTED, 900);
    deliver(early, paused, "/p", 2_000);
    assertThat(join().ghosts()).isZero();

    deliver(write(State.COMMITTED, 950), paused, "/p", 5_000);

    assertThat(join().ghosts()).isEqualTo(1);
  }

  @Test
  void a_subscription_requires_only_what_was_surely_in_its_time() {
    Subscriber late = changing("/p");
    late.end(Aspect.ACTIVE, 50_000, 50_010);
    assertThat(join().required()).isEqualTo(6);

    write(State.COMMITTED, 49_999);
    deliver(ledger.get(4));

    // The steady one requires it; the other may have been paused before the fan-out.
    assertThat(join().required()).isEqualTo(7);
    assertThat(join().lost()).isEqualTo(3);
  }

  @Test
  void journals_read_back_what_was_written() {
    assertThat(ledger).extracting(entry -> Entry.parse(entry.line())).isEqualTo(ledger);
    assertThat(receipts).extracting(receipt -> Receipt.parse(receipt.line())).isEqualTo(receipts);
  }

  private Subscriber changing(String path) {
    Subscriber changing = Subscriber.changing(UUID.randomUUID(), TENANT);
    changing.begin(Aspect.PATH, path, 0, 0);
    changing.begin(Aspect.ACTIVE, "active", 0, 0);
    subscribers.add(changing);
    return changing;
  }

  private Entry write(State state, long begun) {
    Entry entry = new Entry(UUID.randomUUID(), TENANT, state, DATA, begun, begun + 5);
    ledger.add(entry);
    return entry;
  }

  private void deliver(Entry entry) {
    deliver(entry, subscriber, "/a", entry.settled() + 10);
  }

  private void deliver(Entry entry, Subscriber to, String path, long at) {
    UUID delivery = UUID.randomUUID();
    events.put(entry.id(), DATA);
    finished.add(new Finished(delivery, entry.id(), to.id(), true, 1, ""));
    receipts.add(receipt(at, delivery, entry.id(), path, BODY, true));
  }

  private static Receipt receipt(
      long at, UUID delivery, UUID event, String path, String body, boolean genuine) {
    return new Receipt(at, path, delivery, event, 1, body, DATA, genuine, 204, 0);
  }

  private static Receipt answered(Receipt r, int status) {
    return new Receipt(
        r.at(), r.path(), r.delivery(), r.event(), 1, r.bodyHash(), r.dataHash(), true, status, 0);
  }

  private static Entry withData(Entry entry, String hash) {
    return new Entry(
        entry.id(), entry.tenant(), entry.state(), hash, entry.begun(), entry.settled());
  }

  private Report join() {
    return join(false);
  }

  private Report join(boolean forgetful) {
    Tables tables = new Tables(events, finished, Set.of(), outbox, waiting, 0);
    return Joiner.join(ledger, receipts, tables, subscribers, forgetful);
  }
}
