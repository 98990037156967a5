package io.outboxworker.api;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.outboxworker.delivery.DeliveryDetail;
import io.outboxworker.delivery.DeliveryItem;
import io.outboxworker.delivery.SeenAttempt;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One delivery as the API shows it: the fields of the list's item, and all that is known besides.
 */
record DeliveryDetailItem(
    @JsonUnwrapped DeliveryItem item,
    @Nullable UUID replayOf,
    @Nullable String resourceType,
    @Nullable String resourceId,
    @Nullable String payload,
    @Nullable Map<String, String> requestHeaders,
    List<SeenAttempt> history) {

  static DeliveryDetailItem of(DeliveryDetail detail) {
    return new DeliveryDetailItem(
        detail.item(),
        detail.replayOf(),
        detail.resourceType(),
        detail.resourceId(),
        detail.payload(),
        detail.requestHeaders(),
        detail.history());
  }
}
