package io.outboxworker.cli;

import io.outboxworker.api.Json;
import io.outboxworker.api.SubscriptionItem;
import io.outboxworker.cli.Desk.OpenSubscriptions;
import io.outboxworker.subscription.NewSubscription;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.subscription.Subscriptions.Secret;
import io.outboxworker.webhook.Outcome;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Who wants which events, at which URL. */
@Command(name = "subscription", description = "Who wants which events, at which URL.")
public final class SubscriptionCommand {

  private final Desk desk;

  public SubscriptionCommand(Desk desk) {
    this.desk = desk;
  }

  @Command(
      description = {
        "Adds a subscription and prints its id.",
        "Where no secret is given it makes one and prints it in a second line, this one time."
      })
  void add(
      @Mixin TenantOption tenant,
      @Option(
              names = "--event",
              required = true,
              description = "A name (invoice.created), a group ('invoice.*') or all ('*').")
          String event,
      @Option(names = "--url", required = true, description = "Where to POST its events.")
          String url,
      @Option(names = "--secret", description = "What to sign with, 16 to 256 bytes.")
          @Nullable String secret,
      @Option(names = "--description", description = "A note for people.") @Nullable String note) {
    try (var open = open(tenant)) {
      var added =
          open.subscriptions().add(new NewSubscription(tenant.id, event, url, secret, note));
      desk.out().println(added.subscription().id());
      printIfGenerated(added);
    }
  }

  @Command(description = "Lists a tenant's subscriptions.")
  void list(
      @Mixin TenantOption tenant,
      @Option(names = "--json", description = "Print JSON.") boolean json) {
    try (var open = open(tenant)) {
      var items = open.subscriptions().list(tenant.id).stream().map(SubscriptionItem::of).toList();
      if (json) {
        desk.out().println(Json.items(items));
        return;
      }
      var table = new Table("ID", "EVENT", "STATE", "URL", "CREATED", "DESCRIPTION");
      items.forEach(
          s -> table.add(s.id(), s.event(), state(s), s.url(), s.createdAt(), s.description()));
      table.print(desk.out());
    }
  }

  private static String state(SubscriptionItem item) {
    if (item.active()) {
      return "active";
    }
    return item.disabledReason() == null ? "paused" : "disabled (" + item.disabledReason() + ")";
  }

  @Command(description = "Shows one subscription, as JSON.")
  void show(@Mixin TenantOption tenant, @Mixin SubscriptionId id) {
    try (var open = open(tenant)) {
      desk.out().println(Json.of(SubscriptionItem.of(find(open, tenant, id.value))));
    }
  }

  @Command(description = "Stops its deliveries; what is not in flight ends as failed.")
  void pause(@Mixin TenantOption tenant, @Mixin SubscriptionId id) {
    try (var open = open(tenant)) {
      require(open.subscriptions().setActive(tenant.id, id.value, false), id.value);
    }
    desk.err().println("paused");
  }

  @Command(description = "Starts its deliveries again, also where it was disabled.")
  void resume(@Mixin TenantOption tenant, @Mixin SubscriptionId id) {
    try (var open = open(tenant)) {
      require(open.subscriptions().setActive(tenant.id, id.value, true), id.value);
    }
    desk.err().println("resumed; what failed meanwhile is sent again by `outbox replay`");
  }

  @Command(description = "Deletes it and its secret; what it was sent stays in the log.")
  void remove(@Mixin TenantOption tenant, @Mixin SubscriptionId id) {
    try (var open = open(tenant)) {
      require(open.subscriptions().remove(tenant.id, id.value), id.value);
    }
    desk.err().println("removed");
  }

  @Command(
      description = {
        "Gives it a new secret; the old one signs as well until the overlap ends.",
        "Where no secret is given it makes one and prints it, this one time."
      })
  void rotate(
      @Mixin TenantOption tenant,
      @Mixin SubscriptionId id,
      @Option(names = "--secret", description = "What to sign with, 16 to 256 bytes.")
          @Nullable String secret,
      @Option(
              names = "--overlap",
              paramLabel = "DURATION",
              defaultValue = "24h",
              description = "How long the old one signs as well (default: ${DEFAULT-VALUE}).")
          Duration overlap) {
    try (var open = open(tenant)) {
      var rotated = open.subscriptions().rotateSecret(tenant.id, id.value, secret, overlap);
      printIfGenerated(rotated.orElseThrow(() -> absent(id.value)));
    }
    desk.err().println("rotated");
  }

  @Command(
      description = {
        "POSTs one signed test event to it and prints what came back; there is no delivery of it.",
        "Exit code 0 if the endpoint took it, else 1."
      })
  int test(
      @Mixin TenantOption tenant,
      @Mixin SubscriptionId id,
      @Option(names = "--json", description = "Print JSON.") boolean json) {
    Subscription subscription;
    try (var open = open(tenant)) {
      subscription = find(open, tenant, id.value);
    }
    try (var post = desk.testPosts().get()) {
      var seen = seen(post.send(subscription));
      if (json) {
        desk.out().println(Json.of(seen));
      } else {
        var table = new Table("SEEN", "");
        seen.forEach(table::add);
        table.print(desk.out());
      }
      return Boolean.TRUE.equals(seen.get("delivered")) ? 0 : ExitCodes.FAILED;
    }
  }

  private static Map<String, @Nullable Object> seen(Outcome outcome) {
    var seen = new LinkedHashMap<String, @Nullable Object>();
    seen.put("delivered", outcome instanceof Outcome.Accepted);
    seen.put("http_status", outcome.status());
    seen.put("duration_ms", outcome.took().toMillis());
    seen.put("response", outcome.answer());
    seen.put("error", outcome.error());
    return seen;
  }

  private OpenSubscriptions open(TenantOption tenant) {
    return desk.subscriptions().apply(tenant.database());
  }

  private void printIfGenerated(Secret stored) {
    if (stored.generated()) {
      desk.out().println("secret: " + stored.secret().text());
    }
  }

  private static Subscription find(OpenSubscriptions open, TenantOption tenant, UUID id) {
    return open.subscriptions().find(tenant.id, id).orElseThrow(() -> absent(id));
  }

  private static void require(boolean found, UUID id) {
    if (!found) {
      throw absent(id);
    }
  }

  private static CommandFailed absent(UUID id) {
    return new CommandFailed("this tenant has no subscription " + id);
  }

  /** The one positional parameter of most of these commands. */
  @SuppressWarnings("NullAway.Init") // picocli sets it
  static final class SubscriptionId {
    @Parameters(paramLabel = "ID", description = "The subscription's id.")
    UUID value;
  }
}
