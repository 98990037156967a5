package io.outboxworker.api;

import io.outboxworker.subscription.NewSubscription;
import io.outboxworker.subscription.Subscription;
import io.outboxworker.subscription.SubscriptionSettings;
import io.outboxworker.subscription.Subscriptions;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/** Who wants which events, at which URL. */
final class SubscriptionRoutes implements Routes.Resource {
  private static final String PATH = "/subscriptions";
  private static final String WHAT = "subscription";

  @Override
  public void addTo(Routes routes) {
    routes.post(PATH, SubscriptionRoutes::create);
    routes.query(PATH, SubscriptionRoutes::list);
    routes.get(PATH + "/{id}", SubscriptionRoutes::show);
    routes.patch(PATH + "/{id}", SubscriptionRoutes::change);
    routes.delete(PATH + "/{id}", SubscriptionRoutes::remove);
  }

  private static Answer create(Call call) {
    Set<String> allowed = new HashSet<>(SubscriptionFields.NAMES);
    allowed.add("secret");
    Fields fields = call.body(Call.MAX_BODY, allowed);
    fields.require("url", "event");
    var settings = SubscriptionFields.over(SubscriptionSettings.of("", ""), fields);
    var wanted = new NewSubscription(call.tenantId(), settings, fields.text("secret"));
    Subscriptions subscriptions = call.database().subscriptions();
    if (!fields.faults().isEmpty()) {
      fields.faults().addAll(subscriptions.faults(wanted));
      fields.check();
    }
    var stored = subscriptions.add(wanted);
    return Answer.created(
        SubscriptionItem.withSecret(stored), Api.BASE + PATH + "/" + stored.subscription().id());
  }

  private static Answer list(Call call) {
    var parameters = call.parameters("event", "active", "limit", "cursor");
    var event = parameters.text("event");
    var active = parameters.bool("active");
    var wanted = parameters.page();
    parameters.check();
    var found =
        call.database()
            .subscriptions()
            .page(call.tenantId(), event, active, wanted.before(), wanted.lookahead());
    return Answer.ok(Page.of(wanted, found, Subscription::id, SubscriptionItem::of));
  }

  private static Answer show(Call call) {
    return Answer.ok(SubscriptionItem.of(find(call)));
  }

  private static Answer change(Call call) {
    UUID id = call.id(WHAT);
    Fields fields = call.body(Call.MAX_BODY, SubscriptionFields.NAMES);
    fields.refuseNull("url", "event", "active", "ordered", "signature");
    Subscriptions subscriptions = call.database().subscriptions();
    var before = SubscriptionSettings.of(find(call));
    var after = SubscriptionFields.over(before, fields);
    if (!fields.faults().isEmpty()) {
      fields.faults().addAll(subscriptions.faults(before, after));
      fields.check();
    }
    return subscriptions
        .change(call.tenantId(), id, now -> SubscriptionFields.over(now, fields))
        .map(changed -> Answer.ok(SubscriptionItem.of(changed)))
        .orElseThrow(() -> Problem.notFound(WHAT));
  }

  private static Answer remove(Call call) {
    if (!call.database().subscriptions().remove(call.tenantId(), call.id(WHAT))) {
      throw Problem.notFound(WHAT);
    }
    return Answer.noContent();
  }

  static Subscription find(Call call) {
    return call.database()
        .subscriptions()
        .find(call.tenantId(), call.id(WHAT))
        .orElseThrow(() -> Problem.notFound(WHAT));
  }
}
