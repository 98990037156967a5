package io.outboxworker.api;

import io.helidon.http.Method;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.outboxworker.api.Routes.Resource;
import io.outboxworker.api.Routes.Route;
import io.outboxworker.database.TenantScope;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The tenant API. It listens before the worker knows its databases, and answers 503 until {@link
 * #open}. Thread-safe.
 */
public final class Api implements HttpService {
  /** Every route of the API begins with this. */
  public static final String BASE = "/api/v1/tenant/webhooks";

  private static final List<Resource> RESOURCES =
      List.of(
          new SubscriptionRoutes(),
          new SubscriptionActions(),
          new AuditRoutes(),
          new DeliveryRoutes(),
          new ReplayRoutes(),
          new EventRoutes(),
          new StatsRoutes());

  private final Routes routes = new Routes();
  private final RateLimit rateLimit;
  private volatile Authentication authentication = new Authentication(List.of(), 0);

  /**
   * @param requestsPerSecond what one token may call on average
   */
  public Api(int requestsPerSecond) {
    rateLimit = new RateLimit(requestsPerSecond);
    RESOURCES.forEach(resource -> resource.addTo(routes));
  }

  /** From now on calls are answered from these databases, of as many as there should be. */
  public void open(List<ApiDatabase> databases, int all) {
    authentication = new Authentication(databases, all);
  }

  @Override
  public void routing(HttpRules rules) {
    for (Route route : routes.all()) {
      rules.route(route.method(), BASE + route.path(), handler(route));
    }
    routes.all().stream()
        .collect(
            Collectors.groupingBy(
                Route::path, Collectors.mapping(Route::method, Collectors.toList())))
        .forEach((path, methods) -> rules.any(BASE + path, notAllowed(methods)));
  }

  List<Route> routes() {
    return routes.all();
  }

  private Handler handler(Route route) {
    return (request, response) -> {
      Caller caller = authentication.caller(request);
      rateLimit.take(caller.key());
      Call call = new Call(request, response, caller, () -> authentication.caller(request));
      TenantScope.during(
              caller.tenantId(), caller.name(), call.address(), () -> route.endpoint().apply(call))
          .send(response);
    };
  }

  private static Handler notAllowed(List<Method> methods) {
    String allowed = methods.stream().map(Method::text).sorted().collect(Collectors.joining(", "));
    return (request, response) -> {
      throw Problem.of(
          Problem.Kind.METHOD_NOT_ALLOWED, "allowed here: " + allowed, "Allow", allowed);
    };
  }
}
