package io.outboxworker.api;

import io.outboxworker.subscription.NewSubscription;
import io.outboxworker.subscription.Subscription;

/** Who wants which events, at which URL. */
final class SubscriptionRoutes implements Routes.Resource {
  private static final String PATH = "/subscriptions";

  @Override
  public void addTo(Routes routes) {
    routes.post(PATH, SubscriptionRoutes::create);
    routes.get(PATH, SubscriptionRoutes::list);
    routes.get(PATH + "/{id}", SubscriptionRoutes::show);
  }

  private static Answer create(Call call) {
    Fields fields = call.body("url", "event", "secret", "description");
    var wanted =
        new NewSubscription(
            call.tenantId(),
            fields.requiredText("event"),
            fields.requiredText("url"),
            fields.text("secret"),
            fields.text("description"));
    fields.check();
    var stored = call.database().subscriptions().add(wanted);
    return Answer.created(
        SubscriptionItem.of(stored.subscription()),
        Api.BASE + PATH + "/" + stored.subscription().id());
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
    return call.database()
        .subscriptions()
        .find(call.tenantId(), call.id("subscription"))
        .map(found -> Answer.ok(SubscriptionItem.of(found)))
        .orElseThrow(() -> Problem.notFound("subscription"));
  }
}
