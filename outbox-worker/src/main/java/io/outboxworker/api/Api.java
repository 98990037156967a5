package io.outboxworker.api;

import io.helidon.http.Method;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.outboxworker.api.Routes.Resource;
import io.outboxworker.api.Routes.Route;
import io.outboxworker.database.TenantScope;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

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
          new EventTypeRoutes(),
          new AuditRoutes(),
          new DeliveryRoutes(),
          new ReplayRoutes(),
          new EventRoutes(),
          new StatsRoutes());

  private static final double BURST_SECONDS = 2.5;

  private final Routes routes = new Routes();
  private final RateLimit rateLimit;
  private final WrongTokens wrongTokens = new WrongTokens();
  private final @Nullable Logins logins;
  private final Origins origins;
  private volatile Authentication authentication;

  /**
   * @param requestsPerSecond what one token may call on average
   * @param jwt how tokens of an identity provider are verified; null where there is none
   * @param allowedOrigins the pages of which origins may call it from a browser
   */
  public Api(int requestsPerSecond, @Nullable JwtRules jwt, List<String> allowedOrigins) {
    double atOnce = requestsPerSecond * BURST_SECONDS;
    rateLimit =
        new RateLimit(
            requestsPerSecond,
            atOnce,
            "this token may call %.0f times at once and %d times a second"
                .formatted(atOnce, requestsPerSecond));
    logins = jwt == null ? null : new Logins(jwt);
    origins = new Origins(allowedOrigins);
    authentication = new Authentication(List.of(), 0, logins, wrongTokens);
    RESOURCES.forEach(resource -> resource.addTo(routes));
  }

  /** From now on calls are answered from these databases, of as many as there should be. */
  public void open(List<ApiDatabase> databases, int all) {
    authentication = new Authentication(databases, all, logins, wrongTokens);
  }

  @Override
  public void routing(HttpRules rules) {
    // Each path with its refusals before the next one, which may fit the same requests.
    routes.all().stream()
        .collect(Collectors.groupingBy(Route::path, LinkedHashMap::new, Collectors.toList()))
        .forEach((path, sharing) -> {
          for (Route route : sharing) {
            Handler handler = handler(route);
            route.methods().forEach(method -> rules.route(method, BASE + path, handler));
          }
          List<Method> methods =
              sharing.stream().flatMap(route -> route.methods().stream()).toList();
          rules.options(
              BASE + path, (request, response) -> origins.preflight(request, response, methods));
          rules.any(BASE + path, notAllowed(methods));
        });
  }

  List<Route> routes() {
    return routes.all();
  }

  private Handler handler(Route route) {
    return (request, response) -> {
      origins.allow(request, response);
      Caller caller = authentication.caller(request);
      rateLimit.take(caller.key());
      Call call = new Call(request, response, caller, () -> authentication.caller(request));
      check(route, call);
      TenantScope.during(
              caller.tenantId(), caller.name(), call.address(), () -> route.endpoint().apply(call))
          .send(request, response);
    };
  }

  private static void check(Route route, Call call) {
    if (!route.endless()) {
      call.requireJsonAccepted();
    }
    if (!route.queried()) {
      call.parameters().check();
    }
  }

  /** A path that can only be read. */
  static void readOnly(HttpRules rules, String path, Handler handler) {
    rules.get(path, handler).head(path, handler);
    rules.any(path, notAllowed(List.of(Method.GET, Method.HEAD)));
  }

  private static Handler notAllowed(List<Method> methods) {
    return (request, response) -> {
      throw notAllowedProblem(methods);
    };
  }

  static Problem notAllowedProblem(List<Method> methods) {
    String allowed = methods.stream().map(Method::text).sorted().collect(Collectors.joining(", "));
    return Problem.of(
        Problem.Kind.METHOD_NOT_ALLOWED, "allowed here: " + allowed, "Allow", allowed);
  }
}
