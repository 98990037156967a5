package io.outboxworker.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Where one finds out what can be subscribed to, and chooses from it. */
final class EventPagesTest {
  private static Stand stand;
  private static Page page;

  @BeforeAll
  static void start() {
    stand = new Stand();
    stand.shop().publish("shop.opened", "{}");
    await().until(stand.shop()::isDone);
    page = stand.signIn(stand.newPage());
  }

  @AfterAll
  static void stop() {
    if (stand != null) {
      stand.close();
    }
  }

  @Test
  void the_known_names_have_a_sample_and_those_of_ones_own_when_they_were_seen() {
    stand.go(page, "event-types");
    assertThat(page.locator("h2")).containsText(new String[] {"customer.*", "document.*"});
    assertThat(page.locator(".types > li")).hasCount(20);
    Locator known = type("invoice.created");
    assertThat(known.locator("pre")).not().isVisible();
    known.locator("summary").click();
    assertThat(known.locator("pre")).containsText("\"event\": \"invoice.created\"");
    assertThat(known.locator("pre")).containsText("\"invoice_number\"");
    Locator own = type("shop.opened");
    assertThat(own).containsText("last seen");
    own.locator("summary").click();
    assertThat(own).containsText("There is no sample of it.");
  }

  @Test
  void the_search_narrows_the_list_and_says_when_nothing_is_left() {
    stand.go(page, "event-types");
    page.getByLabel("Find an event").fill("INVOICE.c");
    assertThat(page.locator(".types > li"))
        .containsText(new String[] {"invoice.created", "invoice.cancelled"});
    assertThat(page.locator(".types > li")).hasCount(2);
    page.getByLabel("Find an event").fill("no such");
    assertThat(page.locator("main")).containsText("No known event has this in its name");
  }

  @Test
  void a_name_and_a_group_lead_to_the_form_of_a_new_subscription() {
    stand.go(page, "event-types");
    page.getByLabel("Find an event").fill("shop");
    page.getByText("Subscribe to the group").click();
    assertThat(page.locator("#event")).hasValue("shop.*");
    stand.go(page, "event-types");
    type("invoice.sent").locator("summary").click();
    type("invoice.sent")
        .getByText("Subscribe", new Locator.GetByTextOptions().setExact(true))
        .click();
    assertThat(page.locator("#event")).hasValue("invoice.sent");
    assertThat(choice("invoice.sent").locator("input")).isChecked();
  }

  @Test
  void the_picker_fills_the_field_marks_what_a_group_includes_and_shows_what_will_come() {
    stand.go(page, "subscriptions/new");
    choice("invoice.*").click();
    assertThat(page.locator("#event")).hasValue("invoice.*");
    assertThat(choice("invoice.created")).containsText("included");
    assertThat(choice("shop.opened")).containsText("seen");
    choice("*").click();
    assertThat(choice("shop.opened")).containsText("included");
    page.locator("#event").fill("payment.failed");
    assertThat(choice("payment.failed").locator("input")).isChecked();
    assertThat(choice("payment.received")).not().containsText("included");
    page.getByText("What will arrive, as payment.failed").click();
    assertThat(page.locator("event-picker pre")).containsText("\"event\": \"payment.failed\"");
    page.getByLabel("Find in the list").fill("stock");
    assertThat(choice("invoice.created")).hasCount(0);
    page.getByLabel("Find in the list").fill("inventory");
    assertThat(page.locator(".picker-list label")).hasCount(4);
  }

  private static Locator type(String event) {
    return page.locator(".types > li")
        .filter(
            new Locator.FilterOptions()
                .setHas(page.getByText(event, new Page.GetByTextOptions().setExact(true))));
  }

  private static Locator choice(String event) {
    return page.locator(".picker-list label")
        .filter(
            new Locator.FilterOptions()
                .setHas(page.getByText(event, new Page.GetByTextOptions().setExact(true))));
  }
}
