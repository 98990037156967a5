package io.outboxworker.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import io.outboxworker.browser.Endpoints.Answer;
import org.junit.jupiter.api.Test;

/** What somebody sees who has just been woken up. */
final class OverviewTest {
  @Test
  void it_says_how_things_stand_and_leads_to_what_is_in_trouble() {
    try (Stand stand = new Stand()) {
      stand.endpoints().answer("/fails", new Answer(500, "boom"));
      stand.endpoints().answer("/gone", new Answer(410, ""));
      String fails = stand.subscribe("order.*", "/fails");
      stand.subscribe("refund.*", "/gone");
      stand.subscribe("order.*", "/works");
      stand.shop().publish("order.made", "{}");
      stand.shop().publish("refund.made", "{}");
      await().until(() -> stand.endpoints().arrivals("/fails").size() == 2);
      await().until(stand.shop()::isDone);
      Page page = stand.signIn(stand.newPage());

      assertThat(page.locator(".page-head p"))
          .hasText("2 deliveries failed in the last hour, 1 arrived. Nothing is waiting.");
      Locator troubled = page.locator(".troubled > li");
      assertThat(troubled).hasCount(2);
      assertThat(troubled.filter(new Locator.FilterOptions().setHasText("/fails")).locator(".chip"))
          .hasText("Has failures");
      assertThat(troubled.filter(new Locator.FilterOptions().setHasText("/gone")).locator(".chip"))
          .hasText("Disabled");
      assertThat(page.locator(".deliveries > li")).hasCount(2);
      page.getByText("Last 24 hours").click();
      assertThat(page.locator(".page-head p")).containsText("in the last 24 hours");
      page.locator(".tile[data-status='failed']").click();
      assertThat(page.locator("[data-row]")).hasCount(2);
      assertThat(page.url()).contains("status=failed", "range=24h");
      page.goBack();
      troubled.filter(new Locator.FilterOptions().setHasText("/fails")).locator("a").click();
      page.waitForURL(url -> url.endsWith(fails));
      assertThat(stand.faults()).isEmpty();
    }
  }
}
