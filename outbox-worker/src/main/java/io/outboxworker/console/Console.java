package io.outboxworker.console;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.HexFormat;
import java.util.List;

/**
 * Serves the console: the page at {@code /} and its files below {@code /console/}. Needs no token,
 * since all data comes from the REST API, to which the page brings the user's own.
 */
public final class Console implements HttpService {
  private static final Header FOR_EVER =
      HeaderValues.create(HeaderNames.CACHE_CONTROL, "public, max-age=31536000, immutable");
  private static final Header ASK_AGAIN =
      HeaderValues.create(HeaderNames.CACHE_CONTROL, "no-cache");

  private static final String ALLOWED = "GET, HEAD";

  private final Site site = new Site();
  private final String pageTag = tag(site.page());
  private final List<Header> securityHeaders =
      List.of(
          HeaderValues.create("Content-Security-Policy", policy(site)),
          HeaderValues.create("X-Content-Type-Options", "nosniff"),
          HeaderValues.create("X-Frame-Options", "DENY"),
          HeaderValues.create("Referrer-Policy", "no-referrer"),
          HeaderValues.create("Cross-Origin-Opener-Policy", "same-origin"),
          HeaderValues.create("Cross-Origin-Resource-Policy", "same-origin"),
          HeaderValues.create(
              "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"));

  @Override
  public void routing(HttpRules rules) {
    rules
        .get("/", this::page)
        .head("/", this::page)
        .any("/", (request, response) -> refuse())
        .get("/console/{+file}", this::file)
        .head("/console/{+file}", this::file)
        .any("/console/{+file}", this::refuseFile);
  }

  /** Nothing inline but the import map, nothing from elsewhere, and no string becomes markup. */
  private static String policy(Site site) {
    return String.join(
        "; ",
        "default-src 'none'",
        "script-src 'self' " + site.importMapHash(),
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html");
  }

  private void page(ServerRequest request, ServerResponse response) {
    response.header(ASK_AGAIN);
    response.header(HeaderNames.ETAG, pageTag);
    if (request.headers().values(HeaderNames.IF_NONE_MATCH).contains(pageTag)) {
      securityHeaders.forEach(response::header);
      response.status(Status.NOT_MODIFIED_304).send();
      return;
    }
    send(request, response, site.page());
  }

  private void file(ServerRequest request, ServerResponse response) {
    StaticFile file = site.file(request.path().pathParameters().get("file"));
    if (file == null) {
      response.next();
      return;
    }
    response.header(FOR_EVER);
    send(request, response, file);
  }

  private void refuseFile(ServerRequest request, ServerResponse response) {
    if (site.file(request.path().pathParameters().get("file")) == null) {
      response.next();
    } else {
      refuse();
    }
  }

  private static void refuse() {
    throw new HttpException("allowed here: " + ALLOWED, Status.METHOD_NOT_ALLOWED_405)
        .header(HeaderValues.create(HeaderNames.ALLOW, ALLOWED));
  }

  private void send(ServerRequest request, ServerResponse response, StaticFile file) {
    securityHeaders.forEach(response::header);
    response.header(HeaderNames.CONTENT_TYPE, file.contentType());
    response.header(HeaderNames.VARY, "Accept-Encoding");
    byte[] content = file.content();
    if (acceptsGzip(request)) {
      response.header(HeaderNames.CONTENT_ENCODING, "gzip");
      content = file.zipped();
    }
    if (request.prologue().method().text().equals("HEAD")) {
      response.header(HeaderNames.CONTENT_LENGTH, Integer.toString(content.length));
      response.send();
    } else {
      response.send(content);
    }
  }

  private static boolean acceptsGzip(ServerRequest request) {
    return request.headers().values(HeaderNames.ACCEPT_ENCODING).stream()
        .flatMap(value -> List.of(value.split(",")).stream())
        .anyMatch(coding -> coding.strip().matches("(?i)gzip(;\\s*q=(1|0?\\.[0-9]*[1-9]).*)?"));
  }

  private static String tag(StaticFile file) {
    return '"' + HexFormat.of().formatHex(Site.sha256().digest(file.content()), 0, 8) + '"';
  }
}
