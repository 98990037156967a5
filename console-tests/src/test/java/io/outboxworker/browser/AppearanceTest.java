package io.outboxworker.browser;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import io.outboxworker.browser.Endpoints.Answer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class AppearanceTest {
  private static Stand stand;
  private static final List<String> PLACES = new ArrayList<>();

  @BeforeAll
  static void start() {
    stand = new Stand();
    stand.endpoints().answer("/fails", new Answer(500, "<html>Internal Server Error</html>"));
    String fails = stand.subscribe("invoice.*", "/fails");
    stand.subscribe("*", "/works");
    stand.shop().publish("invoice.created", "{\"amount\":\"12.50\"}");
    stand.shop().publish("payment.received", "{\"amount\":\"12.50\"}");
    await().until(() -> stand.endpoints().arrivals("/fails").size() == 2);
    await().until(stand.shop()::isDone);
    String failed = stand.api().get("/deliveries?status=failed").text("/items/0/id");
    PLACES.addAll(
        List.of(
            "",
            "deliveries",
            "deliveries/" + failed,
            "subscriptions",
            "subscriptions/" + fails,
            "subscriptions/" + fails + "/edit",
            "subscriptions/new",
            "replays",
            "event-types",
            "audit",
            "nowhere"));
  }

  @AfterAll
  static void stop() {
    if (stand != null) {
      stand.close();
    }
  }

  @Test
  void axe_finds_no_fault_in_the_light() {
    checkWithAxe(ColorScheme.LIGHT, List.of());
  }

  @Test
  void axe_finds_all_contrasts_strong_enough_in_the_dark() {
    checkWithAxe(ColorScheme.DARK, List.of("color-contrast"));
  }

  @Test
  void the_colours_follow_the_system_until_one_chooses_and_the_choice_stays() {
    Page page = stand.signIn(stand.newPage(ColorScheme.DARK, 1280, 860));
    String dark = background(page);
    page.getByText("Colours: system").click();
    String light = background(page);
    assertThat(light).isNotEqualTo(dark);
    page.getByText("Colours: light").click();
    assertThat(background(page)).isEqualTo(dark);
    page.reload();
    assertThat(page.getByText("Colours: dark")).isVisible();
    assertThat(background(page)).isEqualTo(dark);
    page.close();
  }

  @Test
  void on_a_phone_nothing_is_wider_than_the_screen_and_the_menu_leads_everywhere() {
    Page page = stand.signIn(stand.newPage(ColorScheme.LIGHT, 360, 740));
    for (String place : PLACES) {
      stand.open(page, place);
      assertThat(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))
          .as(place)
          .isEqualTo(true);
    }
    assertThat(page.locator(".places")).not().isVisible();
    page.getByText("Menu").click();
    page.locator(".places").getByText("Subscriptions").click();
    assertThat(page.locator("h1")).hasText("Subscriptions");
    assertThat(page.locator(".places")).not().isVisible();
    page.close();
  }

  @Test
  void no_cell_of_a_list_lies_over_its_neighbour_on_a_phone() {
    Page page = stand.signIn(stand.newPage(ColorScheme.LIGHT, 390, 800));
    for (String place : PLACES) {
      stand.open(page, place);
      assertThat(
              page.evaluate(
                  """
                  () => [...document.querySelectorAll('.rows > li > span')]
                    .filter((cell) => cell.scrollWidth > cell.clientWidth + 1)
                    .map((cell) => cell.textContent.trim())
                  """))
          .as(place)
          .isEqualTo(List.of());
    }
    page.close();
  }

  @Test
  void times_are_the_viewers_and_the_exact_value_is_at_hand() {
    Page page = stand.signIn(stand.newPage());
    stand.go(page, "deliveries");
    var time = page.locator("[data-row] time").first();
    String exact = String.valueOf(time.getAttribute("datetime"));
    assertThat(exact).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
    assertThat(time.getAttribute("title")).endsWith(exact).contains("(Europe/Madrid)");
    String madrid =
        java.time.Instant.parse(exact)
            .atZone(java.time.ZoneId.of("Europe/Madrid"))
            .format(java.time.format.DateTimeFormatter.ofPattern("HH:mm:ss"));
    assertThat(time.textContent()).isEqualTo(madrid);
    page.close();
  }

  @Test
  void nothing_jumps_while_a_page_loads() {
    Page page = stand.signIn(stand.newPage());
    for (String place : List.of("deliveries", "subscriptions", "event-types")) {
      page.evaluate(
          """
          () => { window.shift = 0; new PerformanceObserver((list) => list.getEntries()
            .forEach((entry) => window.shift += entry.hadRecentInput ? 0 : entry.value))
            .observe({type: 'layout-shift', buffered: false}); }
          """);
      stand.go(page, place);
      assertThat(page.locator("main h1")).isVisible();
      page.waitForTimeout(400);
      assertThat(((Number) page.evaluate("window.shift")).doubleValue()).as(place).isLessThan(0.1);
    }
    page.close();
  }

  /**
   * @param rules only these; all where there are none
   */
  private static void checkWithAxe(ColorScheme scheme, List<String> rules) {
    Page page = stand.signIn(stand.newPage(scheme, 1280, 860, true));
    for (String place : PLACES) {
      stand.open(page, place);
      assertThat(
              axe(page, rules).analyze().getViolations().stream()
                  .map(rule ->
                      place
                          + ": "
                          + rule.getId()
                          + " "
                          + rule.getNodes().stream().map(n -> n.getHtml()).toList())
                  .toList())
          .isEmpty();
    }
    page.close();
  }

  private static AxeBuilder axe(Page page, List<String> rules) {
    // Else it opens another page for each look, for frames of other origins, of which there are
    // none.
    var axe = new AxeBuilder(page).setLegacyMode(true);
    return rules.isEmpty() ? axe : axe.withRules(rules);
  }

  private static String background(Page page) {
    return page.evaluate("getComputedStyle(document.documentElement).backgroundColor").toString();
  }
}
