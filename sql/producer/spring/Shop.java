import java.math.BigDecimal;
import java.util.UUID;
import javax.sql.DataSource;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;

/**
 * Publishing with Spring's JdbcTemplate: each method is one transaction, and the event belongs to
 * it. It would not if it were published in a {@code @TransactionalEventListener}, which runs after
 * the commit.
 *
 * <p>Run it on a database with the worker's schema and ../shop.sql, with spring-jdbc,
 * spring-context and the driver on the class path: {@code java -cp … Shop.java
 * "jdbc:postgresql://host:5432/database?user=…&password=…"}
 */
public class Shop {
  private static final UUID TENANT = UUID.fromString("0190a5b2-0000-7000-8000-000000000001");

  private final JdbcTemplate db;

  public Shop(JdbcTemplate db) {
    this.db = db;
  }

  @Transactional
  public void createCustomer(String id, String name, String email) {
    db.update("insert into shop.customer (id, name, email) values (?, ?, ?)", id, name, email);
    db.queryForObject(
        """
        select webhooks.trigger_customer_created(
          tenant_id => ?, customer_id => ?, customer_name => ?, customer_email => ?)
        """,
        UUID.class,
        TENANT,
        id,
        name,
        email);
  }

  @Transactional
  public void createOrder(
      String id, String number, String customerId, BigDecimal amount, int itemsCount) {
    db.update(
        """
        insert into shop.sales_order (id, order_number, customer_id, amount, currency, items_count)
        values (?, ?, ?, ?, 'EUR', ?)
        """,
        id,
        number,
        customerId,
        amount,
        itemsCount);
    db.queryForObject(
        """
        select webhooks.trigger_sales_order_created(
          tenant_id => ?, order_id => ?, order_number => ?, customer_id => ?,
          amount => ?, currency => 'EUR', items_count => ?)
        """,
        UUID.class,
        TENANT,
        id,
        number,
        customerId,
        amount,
        itemsCount);
  }

  @Transactional
  public void receivePayment(String id, String invoiceId, BigDecimal amount) {
    db.update(
        "insert into shop.payment (id, invoice_id, amount, currency) values (?, ?, ?, 'EUR')",
        id,
        invoiceId,
        amount);
    db.queryForObject(
        """
        select webhooks.trigger_payment_received(
          tenant_id => ?, payment_id => ?, invoice_id => ?, amount => ?, currency => 'EUR')
        """,
        UUID.class,
        TENANT,
        id,
        invoiceId,
        amount);
  }

  /** An event of your own; publish takes the tenant and the data as strings as well. */
  @Transactional
  public void shipOrder(String id) {
    db.update("update shop.sales_order set shipped = true where id = ?", id);
    String data = "{\"order_id\":\"%s\",\"parcels\":2}".formatted(id);
    db.queryForObject(
        "select webhooks.publish(?, ?, ?, ?)", UUID.class, TENANT, "sales_order.shipped", id, data);
  }

  /** What Spring Boot would configure by itself. */
  @Configuration(proxyBeanMethods = false)
  @EnableTransactionManagement(proxyTargetClass = true)
  public static class Beans {
    @Bean
    public DataSource dataSource() {
      return new DriverManagerDataSource(System.getProperty("shop.url"));
    }

    @Bean
    public JdbcTransactionManager transactionManager(DataSource dataSource) {
      return new JdbcTransactionManager(dataSource);
    }

    @Bean
    public Shop shop(DataSource dataSource) {
      return new Shop(new JdbcTemplate(dataSource));
    }
  }

  public static void main(String[] args) {
    System.setProperty("shop.url", args[0]);
    try (var beans = new AnnotationConfigApplicationContext(Beans.class)) {
      Shop shop = beans.getBean(Shop.class);
      shop.createCustomer("cus-1", "Zoë Brontë", "zoe@example.com");
      shop.createOrder("ord-1", "SO-1", "cus-1", new BigDecimal("99.90"), 3);
      shop.receivePayment("pay-1", "inv-1", new BigDecimal("1500.00"));
      shop.shipOrder("ord-1");
      try {
        shop.receivePayment("pay-2", "no-such-invoice", new BigDecimal("20.00"));
      } catch (DataIntegrityViolationException e) {
        System.out.println("no payment, and so no event: " + e.getMostSpecificCause().getMessage());
      }
    }
  }
}
