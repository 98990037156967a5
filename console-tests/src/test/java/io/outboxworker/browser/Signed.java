package io.outboxworker.browser;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** The signature of Standard Webhooks, made independently of the worker. */
final class Signed {
  private Signed() {}

  /**
   * @param headers with the id and the time; names in lower case
   */
  static String standard(String secret, Map<String, String> headers, String body)
      throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret.getBytes(UTF_8), "HmacSHA256"));
    String signed = headers.get("webhook-id") + "." + headers.get("webhook-timestamp") + "." + body;
    return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(UTF_8)));
  }
}
