package io.outboxworker.faults;

import io.outboxworker.subscription.KeyRing;
import io.outboxworker.subscription.NewSubscription;
import io.outboxworker.subscription.Subscriptions;
import io.outboxworker.webhook.Cidr;
import io.outboxworker.webhook.EgressRules;
import io.outboxworker.webhook.EndpointGuard;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jdbi.v3.core.Jdbi;

/** The subscriptions of a run, and what their receivers do. */
final class Audience {
  static final String SECRET = "a secret of sixteen bytes or more";

  private static final int PER_TENANT = 3;

  private final Jdbi jdbi;
  private final KeyRing keys;
  private final Farm farm;
  private final Subscriptions subscriptions;
  private final List<Subscriber> subscribers = new CopyOnWriteArrayList<>();

  Audience(Jdbi jdbi, KeyRing keys, Farm farm) {
    this.jdbi = jdbi;
    this.keys = keys;
    this.farm = farm;
    var loopback =
        new EgressRules(
            true, List.of(Cidr.parse("127.0.0.0/8")), Set.of(80, 443), Set.of(), Set.of());
    this.subscriptions = new Subscriptions(jdbi, keys, new EndpointGuard(loopback));
  }

  /** What the report is about. */
  List<Subscriber> subscribers() {
    return List.copyOf(subscribers);
  }

  /** For changes, as their owners make them. */
  Subscriptions subscriptions() {
    return subscriptions;
  }

  /** Three for each tenant: a quick one, one that sometimes fails, and a slow one. */
  void subscribeAll(List<UUID> tenants) {
    for (int t = 0; t < tenants.size(); t++) {
      for (int s = 0; s < PER_TENANT; s++) {
        String path = "/t%d/s%d".formatted(t, s);
        subscribe(tenants.get(t), path);
        int kind = s;
        farm.behave(path, arrival -> usual(arrival, kind));
      }
    }
  }

  private static int usual(Farm.Arrival arrival, int kind) {
    int lot = Math.floorMod(arrival.delivery().hashCode(), 100);
    return switch (kind) {
      case 0 -> 204;
      case 1 -> lot < 5 && arrival.attempt() <= 2 ? 500 : 200;
      default -> {
        Moment.pause(Duration.ofMillis(100 + lot * 5L));
        yield 200;
      }
    };
  }

  /** A subscription of the tenant to all its events. */
  Subscriber subscribe(UUID tenant, String path) {
    return subscribeAt(tenant, farm.url(path), path);
  }

  /** The same at a receiver elsewhere, which notes its POSTs under this path. */
  Subscriber subscribeAt(UUID tenant, String url, String path) {
    UUID id =
        subscriptions
            .add(new NewSubscription(tenant, Writer.EVENTS, url, SECRET, null))
            .subscription()
            .id();
    return watch(Subscriber.steady(id, tenant, path, SECRET), path);
  }

  /** As many subscriptions of one tenant, all at one path. */
  void subscribeMany(UUID tenant, String path, int count) {
    Subscriber last = subscribe(tenant, path);
    for (int begun = 1; begun < count; begun += 1_000) {
      int size = Math.min(1_000, count - begun);
      List<UUID> ids =
          jdbi.withHandle(handle ->
              handle
                  .createQuery("select webhooks.uuid_v7() from generate_series(1, :count)")
                  .bind("count", size)
                  .mapTo(UUID.class)
                  .list());
      jdbi.useHandle(handle -> {
        var batch =
            handle.prepareBatch(
                """
                insert into webhooks.subscription (id, tenant_id, url, event, secret)
                select :id, tenant_id, url, event, :secret from webhooks.subscription where id = :like
                """);
        for (UUID id : ids) {
          batch
              .bind("id", id)
              .bind("secret", keys.seal(tenant, id, SECRET))
              .bind("like", last.id())
              .add();
          subscribers.add(Subscriber.steady(id, tenant, path, SECRET));
        }
        batch.execute();
      });
    }
  }

  /** Joins this subscriber into the report, and expects its POSTs at the path. */
  Subscriber watch(Subscriber subscriber, String path) {
    subscribers.add(subscriber);
    farm.expect(path, subscriber);
    return subscriber;
  }
}
