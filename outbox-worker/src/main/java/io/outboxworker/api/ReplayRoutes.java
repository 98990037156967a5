package io.outboxworker.api;

import io.outboxworker.delivery.Replay;
import io.outboxworker.delivery.Replay.Criteria;
import io.outboxworker.subscription.SubscriptionSettings;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Sending events again: many at once, in the background. */
final class ReplayRoutes implements Routes.Resource {
  private static final String PATH = "/replays";
  private static final List<String> STATUSES =
      Arrays.stream(Replay.Status.values()).map(Replay.Status::word).toList();

  /** What a 202 says; {@code url} is where the progress can be read. */
  private record Started(UUID id, long count, String url) {}

  @Override
  public void addTo(Routes routes) {
    routes.post("/subscriptions/{id}/replay", ReplayRoutes::replayOne);
    routes.post(PATH, call -> replay(call, null));
    routes.query(PATH, ReplayRoutes::list);
    routes.get(PATH + "/{id}", ReplayRoutes::show);
  }

  private static Answer replayOne(Call call) {
    UUID id = call.id("subscription");
    boolean active =
        call.database()
            .subscriptions()
            .find(call.tenantId(), id)
            .orElseThrow(() -> Problem.notFound("subscription"))
            .active();
    if (!active) {
      throw Problem.of(Problem.Kind.CONFLICT, "the subscription is not active; resume it first");
    }
    return replay(call, id);
  }

  private static Answer replay(Call call, @Nullable UUID subscriptionId) {
    Fields fields = call.body("since", "until", "status", "event", "dry_run", "again");
    fields.require("since");
    Instant since = fields.time("since");
    Instant until = fields.time("until");
    if (since != null && until != null && !since.isBefore(until)) {
      fields.faults().add("until", "until must be later than since");
    }
    Replay.Status status = status(fields);
    String event = fields.text("event");
    if (event != null && !SubscriptionSettings.isPattern(event)) {
      fields.faults().add("event", "event must be " + SubscriptionSettings.PATTERN_FORM);
    }
    boolean dryRun = Boolean.TRUE.equals(fields.bool("dry_run"));
    boolean again = Boolean.TRUE.equals(fields.bool("again"));
    fields.check();
    var criteria =
        new Criteria(
            call.tenantId(),
            subscriptionId,
            Objects.requireNonNull(since),
            until,
            status,
            event,
            again);
    var replays = call.database().replays();
    if (dryRun) {
      return Answer.ok(Map.of("count", replays.count(criteria)));
    }
    Replay started = replays.start(criteria);
    String url = ReplayItem.url(started);
    return Answer.accepted(new Started(started.id(), started.count(), url), url);
  }

  private static Replay.Status status(Fields fields) {
    String word = fields.text("status");
    if (word == null) {
      return Replay.Status.FAILED;
    }
    if (!STATUSES.contains(word)) {
      fields.faults().add("status", "status must be one of " + String.join(", ", STATUSES));
      return Replay.Status.FAILED;
    }
    return Replay.Status.valueOf(word.toUpperCase(Locale.ROOT));
  }

  private static Answer list(Call call) {
    var parameters = call.parameters("limit", "cursor");
    var wanted = parameters.page();
    parameters.check();
    var found =
        call.database().replays().page(call.tenantId(), wanted.before(), wanted.lookahead());
    return Answer.ok(Page.of(wanted, found, Replay::id, ReplayItem::of));
  }

  private static Answer show(Call call) {
    return call.database()
        .replays()
        .find(call.tenantId(), call.id("replay"))
        .map(found -> Answer.ok(ReplayItem.of(found)))
        .orElseThrow(() -> Problem.notFound("replay"));
  }
}
