package io.outboxworker.api;

import io.outboxworker.delivery.DeliveryFilter;
import io.outboxworker.delivery.DeliveryStatus;
import io.outboxworker.delivery.Retried;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What became of events: each of them on its way to each subscription. */
final class DeliveryRoutes implements Routes.Resource {
  private static final String PATH = "/deliveries";
  private static final String WHAT = "delivery";

  /** A viewer that went away is noticed when something is sent to it, and counts until then. */
  private static final Duration PING = Duration.ofSeconds(5);

  private static final String[] STATUSES =
      Arrays.stream(DeliveryStatus.values()).map(DeliveryStatus::word).toArray(String[]::new);

  @Override
  public void addTo(Routes routes) {
    routes.query(PATH, DeliveryRoutes::list);
    routes.stream(PATH + "/stream", new DeliveryStream(PING)::open);
    routes.get(PATH + "/{id}", DeliveryRoutes::show);
    routes.post(PATH + "/{id}/retry", DeliveryRoutes::retry);
    routes.delete(PATH + "/{id}/payload", DeliveryRoutes::erase);
  }

  private static Answer list(Call call) {
    var parameters =
        call.parameters(
            "status",
            "event",
            "subscription_id",
            "resource_id",
            "since",
            "until",
            "limit",
            "cursor");
    var filter =
        new DeliveryFilter(
            call.tenantId(),
            status(parameters.oneOf("status", STATUSES)),
            event(parameters),
            parameters.uuid("subscription_id"),
            parameters.text("resource_id"),
            parameters.time("since"),
            parameters.time("until"));
    var wanted = parameters.page();
    parameters.check();
    var page = call.database().deliveries().page(filter, wanted.before(), wanted.limit());
    return Answer.ok(Page.until(page.items(), page.next()));
  }

  private static @Nullable DeliveryStatus status(@Nullable String word) {
    return word == null ? null : DeliveryStatus.valueOf(word.toUpperCase(Locale.ROOT));
  }

  /** A group would match no name, and no index has a group's deliveries in the order of a page. */
  private static @Nullable String event(Parameters parameters) {
    String event = parameters.text("event");
    if (event != null && event.contains("*")) {
      parameters
          .faults()
          .add("event", "event must be one event's whole name, like invoice.created; no group");
    }
    return event;
  }

  private static Answer show(Call call) {
    return call.database()
        .details()
        .find(call.tenantId(), call.id(WHAT))
        .map(found -> Answer.ok(DeliveryDetailItem.of(found)))
        .orElseThrow(() -> Problem.notFound(WHAT));
  }

  private static Answer retry(Call call) {
    UUID id = call.id(WHAT);
    call.optionalBody().check();
    return switch (call.database().replays().retry(call.tenantId(), id)) {
      case Retried.Made made ->
          Answer.accepted(made.item(), Api.BASE + PATH + "/" + made.item().id());
      case Retried.Refused refused -> throw refusal(refused);
    };
  }

  private static Problem refusal(Retried.Refused refused) {
    return switch (refused) {
      case UNKNOWN -> Problem.notFound(WHAT);
      case NOT_FINAL -> conflict("the delivery is not final: it is still being delivered");
      case INACTIVE -> conflict("the subscription is not active; resume it first");
      case ERASED -> conflict("the payload was erased, or has left the log");
    };
  }

  private static Answer erase(Call call) {
    return switch (call.database().erasure().erase(call.tenantId(), call.id(WHAT))) {
      case DONE -> Answer.noContent();
      case UNKNOWN -> throw Problem.notFound(WHAT);
      case NOT_FINAL ->
          throw conflict("the event is still being delivered, to this subscription or another one");
    };
  }

  private static Problem conflict(String detail) {
    return Problem.of(Problem.Kind.CONFLICT, detail);
  }
}
