package io.outboxworker.faults;

import io.outboxworker.faults.Subscriber.Aspect;
import io.outboxworker.subscription.NewSubscription;
import io.outboxworker.webhook.SigningSecret;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/** Subscriptions that are created, paused, resumed, moved, rotated and deleted under load. */
final class SubscriptionFaults {
  private static final int MOST = 20;

  private final Stage stage;
  private final UUID tenant;
  private final List<Subscriber> living = new ArrayList<>();
  private final List<Subscriber> paused = new ArrayList<>();
  private final AtomicInteger addresses = new AtomicInteger();

  private SubscriptionFaults(Stage stage) {
    this.stage = stage;
    this.tenant = stage.tenant(0);
  }

  static List<Fault> all() {
    return List.of(
        Fault.of(
            "subscriptions",
            "subscriptions change ten times a second, for --seconds",
            0,
            stage -> {
              WorkerFaults.two(stage);
              new SubscriptionFaults(stage).churn(stage.plan().length());
            }));
  }

  private void churn(Duration length) {
    long begun = Moment.now();
    int changes = 0;
    while (Moment.now() - begun < length.toMillis()) {
      Moment.pause(Duration.ofMillis(Math.max(0, begun + changes * 100L - Moment.now())));
      change();
      changes++;
    }
    stage.figure("changes", changes);
  }

  private void change() {
    int lot = stage.random().nextInt(10);
    if (living.size() < 3 || (lot < 2 && living.size() < MOST)) {
      create();
    } else if (lot < 4 && !paused.isEmpty()) {
      resume(paused.remove(stage.random().nextInt(paused.size())));
    } else {
      Subscriber chosen = living.get(stage.random().nextInt(living.size()));
      switch (lot) {
        case 2, 3, 4, 5 -> pause(chosen);
        case 6, 7 -> rotate(chosen);
        case 8 -> move(chosen);
        default -> delete(chosen);
      }
    }
  }

  private void create() {
    String path = nextPath();
    long before = Moment.now();
    UUID id =
        stage
            .audience()
            .subscriptions()
            .add(
                new NewSubscription(
                    tenant, Writer.EVENTS, stage.farm().url(path), Audience.SECRET, null))
            .subscription()
            .id();
    long after = Moment.now();
    Subscriber created = Subscriber.changing(id, tenant);
    created.begin(Aspect.PATH, path, before, after);
    created.begin(Aspect.ACTIVE, "active", before, after);
    created.begin(Aspect.SECRET, Audience.SECRET, before, after);
    stage.audience().watch(created, path);
    living.add(created);
  }

  private void pause(Subscriber subscriber) {
    long before = Moment.now();
    stage.audience().subscriptions().setActive(tenant, subscriber.id(), false);
    subscriber.end(Aspect.ACTIVE, before, Moment.now());
    living.remove(subscriber);
    paused.add(subscriber);
  }

  private void resume(Subscriber subscriber) {
    long before = Moment.now();
    stage.audience().subscriptions().setActive(tenant, subscriber.id(), true);
    subscriber.begin(Aspect.ACTIVE, "active", before, Moment.now());
    living.add(subscriber);
  }

  private void rotate(Subscriber subscriber) {
    String secret = SigningSecret.generate().text();
    long before = Moment.now();
    // Without an overlap, so that the old secret alone is wrong from now on.
    stage.audience().subscriptions().rotateSecret(tenant, subscriber.id(), secret, Duration.ZERO);
    long after = Moment.now();
    subscriber.end(Aspect.SECRET, before, after);
    subscriber.begin(Aspect.SECRET, secret, before, after);
  }

  private void move(Subscriber subscriber) {
    String path = nextPath();
    stage.farm().expect(path, subscriber);
    long before = Moment.now();
    stage
        .jdbi()
        .useHandle(handle ->
            handle
                .createUpdate("update webhooks.subscription set url = :url where id = :id")
                .bind("url", stage.farm().url(path))
                .bind("id", subscriber.id())
                .execute());
    long after = Moment.now();
    subscriber.end(Aspect.PATH, before, after);
    subscriber.begin(Aspect.PATH, path, before, after);
  }

  private void delete(Subscriber subscriber) {
    long before = Moment.now();
    stage.audience().subscriptions().remove(tenant, subscriber.id());
    subscriber.end(Aspect.ACTIVE, before, Moment.now());
    living.remove(subscriber);
  }

  private String nextPath() {
    return "/changing/" + addresses.incrementAndGet();
  }
}
