package io.outboxworker.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Page;
import io.outboxworker.browser.Endpoints.Answer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class ReplayPageTest {
  private static Stand stand;
  private static Page page;

  @BeforeAll
  static void start() {
    stand = new Stand();
    page = stand.signIn(stand.newPage());
  }

  @AfterAll
  static void stop() {
    if (stand != null) {
      stand.close();
    }
  }

  @Test
  void what_failed_is_counted_first_then_sent_again_with_progress_and_a_result() {
    stand.endpoints().answer("/down", new Answer(503, ""));
    stand.subscribe("down.test", "/down");
    stand.shop().publishMany("down.test", 40);
    await().until(() -> failed() == 40);
    stand.endpoints().answer("/down", new Answer(200, ""));
    stand.go(page, "replays");
    page.getByText("Count first").click();
    assertThat(page.locator("form .notice")).containsText("40 deliveries will be sent again.");
    assertThat(stand.endpoints().arrivals("/down")).hasSize(80);
    page.getByText("Replay 40").click();
    var replay = page.locator(".replays > li").first();
    assertThat(replay).containsText("40 sent again");
    assertThat(replay.locator(".chip")).hasText("Done");
    await().until(() -> stand.endpoints().arrivals("/down").size() == 120);
    page.getByText("Count first").click();
    assertThat(page.locator("form .notice")).containsText("Nothing matches");
  }

  private static long failed() {
    return stand
        .shop()
        .database()
        .number("select count(*) from webhooks.delivery_log where status = 'failed'");
  }
}
