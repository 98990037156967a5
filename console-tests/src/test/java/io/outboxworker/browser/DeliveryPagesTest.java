package io.outboxworker.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import io.outboxworker.browser.Endpoints.Answer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class DeliveryPagesTest {
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
  void what_a_trigger_function_publishes_appears_without_a_reload() {
    stand.subscribe("invoice.created", "/live");
    stand.go(page, "deliveries");
    assertThat(page.locator(".live")).hasText("Live");
    stand
        .shop()
        .database()
        .exec(
            """
            select webhooks.trigger_invoice_created(tenant_id => '%s', invoice_id => 'inv-7',
              invoice_number => 'A-7', amount => 12.50, currency => 'EUR')
            """
                .formatted(stand.shop().tenant()));
    Locator row = row("invoice.created");
    assertThat(row).isVisible();
    assertThat(row.locator(".chip")).hasText("Delivered");
    row.locator("a").click();
    assertThat(page.locator("h1")).hasText("invoice.created");
    assertThat(page.locator("pre").first()).containsText("\"amount\": \"12.50\"");
    page.getByText("As sent", new Page.GetByTextOptions().setExact(true)).click();
    assertThat(page.locator(".panel pre"))
        .hasText(stand.endpoints().arrivals("/live").getFirst().body());
  }

  @Test
  void a_pause_holds_new_rows_back_until_it_ends() {
    stand.subscribe("pause.test", "/paused");
    stand.go(page, "deliveries?event=pause.test");
    assertThat(page.locator(".live")).hasText("Live");
    page.keyboard().press("p");
    assertThat(page.locator(".live")).hasText("Paused");
    stand.shop().publish("pause.test", "{}");
    assertThat(page.locator(".news")).containsText("1 new delivery");
    assertThat(row("pause.test")).hasCount(0);
    page.keyboard().press("p");
    assertThat(row("pause.test")).isVisible();
  }

  @Test
  void a_failed_one_says_why_and_a_retry_leads_to_the_new_one() {
    stand.endpoints().answer("/broken", new Answer(404, "no such route"));
    stand.subscribe("broken.test", "/broken");
    stand.shop().publish("broken.test", "{}");
    stand.go(page, "deliveries?event=broken.test");
    assertThat(row("broken.test").locator(".chip")).hasText("Failed");
    row("broken.test").locator("a").click();
    assertThat(page.locator("main .notice")).containsText("No such page");
    assertThat(page.locator(".timeline")).containsText("Attempt 2");
    assertThat(page.locator(".timeline pre").last()).hasText("no such route");
    assertThat(page.locator(".timeline")).containsText("No more attempts");
    String failed = page.url();
    stand.endpoints().answer("/broken", new Answer(200, "ok"));
    page.getByText("Retry", new Page.GetByTextOptions().setExact(true)).click();
    page.waitForURL(url -> !url.equals(failed));
    assertThat(page.locator("main .chip").first()).hasText("Delivered");
    page.getByText("another delivery").click();
    page.waitForURL(failed);
  }

  @Test
  void the_filters_are_in_the_address_and_an_address_brings_them_back() {
    String one = stand.subscribe("filter.one", "/filtered");
    stand.subscribe("filter.two", "/filtered");
    stand.shop().publish("filter.one", "{}");
    stand.shop().publish("filter.two", "{}");
    await().until(() -> stand.endpoints().arrivals("/filtered").size() == 2);
    stand.go(page, "deliveries");
    page.locator(".segments").getByText("Delivered").click();
    page.waitForURL(url -> url.contains("status=delivered"));
    field("Event").fill("filter.one");
    page.keyboard().press("Enter");
    page.waitForURL(url -> url.contains("event=filter.one"));
    page.getByLabel("Subscription").selectOption(one);
    page.waitForURL(url -> url.contains("subscription_id=" + one));
    page.getByLabel("Resource id").fill("r-1");
    page.keyboard().press("Enter");
    page.waitForURL(url -> url.contains("resource_id=r-1"));
    page.getByLabel("Time").selectOption("1h");
    page.waitForURL(url -> url.contains("range=1h"));
    assertThat(page.url())
        .contains("status=delivered", "event=filter.one", "subscription_id=" + one)
        .contains("resource_id=r-1", "range=1h");
    assertThat(page.locator("[data-row]")).hasCount(1);
    Page other = stand.signIn(stand.newPage());
    other.navigate(page.url());
    assertThat(other.locator("[data-row]")).hasCount(1);
    assertThat(other.getByLabel("Time")).hasValue("1h");
    other.close();
    page.getByText("Clear the filters").click();
    assertThat(row("filter.two")).isVisible();
    page.waitForURL(url -> url.endsWith("#/deliveries"));
    for (String field : List.of("Event", "Subscription", "Resource id", "Time")) {
      assertThat(field(field)).hasValue("");
    }
  }

  @Test
  void what_is_being_typed_stays_while_rows_arrive_and_filters_change() {
    stand.subscribe("typed.test", "/typed");
    stand.go(page, "deliveries");
    assertThat(page.locator(".live")).hasText("Live");
    field("Resource id").pressSequentially("r-");
    stand.shop().publish("typed.test", "{}");
    assertThat(row("typed.test").locator(".chip")).hasText("Delivered");
    stand.go(page, "deliveries?event=typed.test");
    assertThat(field("Event")).hasValue("typed.test");
    assertThat(field("Resource id")).isFocused();
    assertThat(field("Resource id")).hasValue("r-");
    field("Resource id").pressSequentially("other");
    page.keyboard().press("Enter");
    page.waitForURL(url -> url.contains("resource_id=r-other"));
    page.goBack();
    assertThat(field("Resource id")).hasValue("");
  }

  @Test
  void a_long_list_goes_on_by_scrolling_and_comes_back_as_it_was_left() {
    stand.subscribe("many.test", "/many");
    stand.shop().publishMany("many.test", 120);
    await().until(() -> stand.endpoints().arrivals("/many").size() == 120);
    await().until(stand.shop()::isDone);
    stand.go(page, "deliveries?event=many.test");
    assertThat(page.locator("[data-row]").nth(49)).isAttached();
    page.mouse().move(700, 500);
    await()
        .atMost(Duration.ofSeconds(15))
        .until(() -> {
          page.mouse().wheel(0, 3000);
          return page.locator("[data-row]").count() == 120;
        });
    assertThat(page.locator(".list-end")).hasText("That is all of them.");
    assertThat(
            (Integer)
                page.evaluate(
                    "new Set([...document.querySelectorAll('[data-id]')].map(e =>"
                        + " e.dataset.id)).size"))
        .isEqualTo(120);
    page.locator("[data-row]").last().locator("a").click();
    assertThat(page.locator("h1")).hasText("many.test");
    page.goBack();
    assertThat(page.locator("[data-row]")).hasCount(120);
    await().until(() -> ((Number) page.evaluate("scrollY")).doubleValue() > 3000);
  }

  @Test
  void the_keys_move_open_and_help() {
    stand.subscribe("keys.test", "/keys");
    stand.shop().publish("keys.test", "{}");
    stand.shop().publish("keys.test", "{}");
    stand.go(page, "deliveries?event=keys.test");
    assertThat(page.locator("[data-row]")).hasCount(2);
    page.keyboard().press("j");
    assertThat(page.locator("[data-row] a").nth(0)).isFocused();
    page.keyboard().press("j");
    assertThat(page.locator("[data-row] a").nth(1)).isFocused();
    page.keyboard().press("k");
    page.keyboard().press("/");
    assertThat(field("Event")).isFocused();
    page.keyboard().press("Escape");
    page.keyboard().press("j");
    page.keyboard().press("Enter");
    assertThat(page.locator("h1")).hasText("keys.test");
    page.keyboard().press("?");
    assertThat(page.locator("dialog")).isVisible();
    page.keyboard().press("Escape");
    page.keyboard().press("g");
    page.keyboard().press("s");
    assertThat(page.locator("h1")).hasText("Subscriptions");
  }

  private static Locator field(String label) {
    return page.getByLabel(label, new Page.GetByLabelOptions().setExact(true));
  }

  private static Locator row(String event) {
    return page.locator("[data-row]", new Page.LocatorOptions().setHasText(event)).first();
  }
}
