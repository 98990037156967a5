package io.outboxworker.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;

import com.microsoft.playwright.APIResponse;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import com.microsoft.playwright.options.ColorScheme;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Pictures of each page, for people to look at; run by {@code console-tests/screenshots} alone. */
final class Screenshots {
  private static final Path FOLDER =
      Path.of(System.getProperty("screenshots", "target/screenshots"));

  @Test
  void of_each_page() {
    try (Stand stand = new Stand("OUTBOX_RETRY_DELAYS", "2s,20s")) {
      StagedShop shop = new StagedShop(stand);
      shop.open();
      shoot(stand, shop, stand.newPage(ColorScheme.LIGHT, 1280, 800), "light");
      shoot(stand, shop, stand.newPage(ColorScheme.DARK, 1280, 800), "dark");
      shoot(stand, shop, stand.newPage(ColorScheme.LIGHT, 390, 800), "phone");
    }
  }

  private static void shoot(Stand stand, StagedShop shop, Page page, String look) {
    nameEndpoints(page, stand);
    page.navigate(stand.url());
    assertThat(page.locator("h1")).isVisible();
    save(page, "sign-in", look);
    stand.signIn(page);
    Map<String, String> places = new LinkedHashMap<>();
    places.put("overview", "");
    places.put("deliveries", "deliveries");
    places.put("deliveries-failed", "deliveries?status=failed&range=24h");
    places.put("delivery", "deliveries/" + shop.failed());
    places.put("subscriptions", "subscriptions");
    places.put("subscription", "subscriptions/" + shop.billing());
    places.put("subscription-disabled", "subscriptions/" + shop.gone());
    places.put("subscription-new", "subscriptions/new");
    places.put("replays", "replays");
    places.put("event-types", "event-types");
    places.put("audit", "audit");
    places.forEach((name, place) -> {
      stand.go(page, place);
      assertThat(page.locator("main h1")).isVisible();
      prepare(page, name);
      page.waitForTimeout(600);
      save(page, name, look);
    });
  }

  /** Endpoints have names in life, and not the port of a test. */
  private static void nameEndpoints(Page page, Stand stand) {
    page.route(
        url -> url.contains("/api/") && !url.endsWith("/stream"),
        route -> {
          APIResponse answer = route.fetch();
          String body =
              answer.text().replace(stand.endpoints().url(""), "https://hooks.acme.example");
          route.fulfill(new Route.FulfillOptions().setResponse(answer).setBody(body));
        });
  }

  /** What a visitor would do first on that page. */
  private static void prepare(Page page, String name) {
    switch (name) {
      case "subscription" -> {
        page.getByText("Send a test event").click();
        assertThat(page.locator("test-send .chip")).isVisible();
      }
      case "subscription-new" -> {
        page.locator("#url").fill("https://example.com/hooks");
        page.locator("#event").fill("invoice.*");
      }
      case "replays" -> {
        page.getByText("Count first").click();
        assertThat(page.locator("form .notice")).isVisible();
      }
      default -> page.mouse().move(5, 400);
    }
  }

  private static void save(Page page, String name, String look) {
    page.screenshot(
        new Page.ScreenshotOptions().setPath(FOLDER.resolve(name + "-" + look + ".png")));
    page.screenshot(
        new Page.ScreenshotOptions()
            .setFullPage(true)
            .setPath(FOLDER.resolve(name + "-" + look + "-whole.png")));
  }
}
