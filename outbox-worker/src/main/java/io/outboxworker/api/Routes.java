package io.outboxworker.api;

import io.helidon.http.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** The routes of the API, relative to its base path; the first that fits a request answers it. */
final class Routes {
  /**
   * One method of one path, and what answers it.
   *
   * @param queried whether it has query parameters, which it then checks itself
   * @param endless whether the answer has no end, so that a HEAD can't ask how long it is
   */
  record Route(
      Method method,
      String path,
      Function<Call, Answer> endpoint,
      boolean queried,
      boolean endless) {
    Route(Method method, String path, Function<Call, Answer> endpoint) {
      this(method, path, endpoint, false, false);
    }

    /** The methods of requests that it answers. */
    List<Method> methods() {
      return method.equals(Method.GET) && !endless
          ? List.of(Method.GET, Method.HEAD)
          : List.of(method);
    }
  }

  /** What adds the routes of one kind of thing. */
  interface Resource {
    void addTo(Routes routes);
  }

  private final List<Route> all = new ArrayList<>();

  void get(String path, Function<Call, Answer> endpoint) {
    all.add(new Route(Method.GET, path, endpoint));
  }

  /** A GET with query parameters. */
  void query(String path, Function<Call, Answer> endpoint) {
    all.add(new Route(Method.GET, path, endpoint, true, false));
  }

  /** A GET whose answer goes on until one side has enough. */
  void stream(String path, Function<Call, Answer> endpoint) {
    all.add(new Route(Method.GET, path, endpoint, false, true));
  }

  void post(String path, Function<Call, Answer> endpoint) {
    all.add(new Route(Method.POST, path, endpoint));
  }

  void patch(String path, Function<Call, Answer> endpoint) {
    all.add(new Route(Method.PATCH, path, endpoint));
  }

  void delete(String path, Function<Call, Answer> endpoint) {
    all.add(new Route(Method.DELETE, path, endpoint));
  }

  List<Route> all() {
    return List.copyOf(all);
  }
}
