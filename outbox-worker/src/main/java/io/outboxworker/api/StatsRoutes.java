package io.outboxworker.api;

import io.outboxworker.delivery.DeliveryStats.Window;
import java.util.Arrays;

/** The overview in numbers. */
final class StatsRoutes implements Routes.Resource {
  private static final String[] WINDOWS =
      Arrays.stream(Window.values()).map(Window::word).toArray(String[]::new);

  @Override
  public void addTo(Routes routes) {
    routes.query("/stats", StatsRoutes::show);
  }

  private static Answer show(Call call) {
    var parameters = call.parameters("window");
    String word = parameters.oneOf("window", WINDOWS);
    parameters.check();
    Window window = Window.DAY.word().equals(word) ? Window.DAY : Window.HOUR;
    return Answer.ok(call.database().stats().overview(call.tenantId(), window));
  }
}
