import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.UUID;

/**
 * Publishing with JDBC: the event belongs to the transaction of the business data.
 *
 * <p>Run it on a database with the worker's schema and ../shop.sql: {@code java -cp postgresql.jar
 * Shop.java "jdbc:postgresql://host:5432/database?user=…&password=…"}
 */
public final class Shop {
  private static final UUID TENANT = UUID.fromString("0190a5b2-0000-7000-8000-000000000001");

  private final Connection db;

  Shop(Connection db) {
    this.db = db;
  }

  void createCustomer(String id, String name, String email) throws SQLException {
    run("insert into shop.customer (id, name, email) values (?, ?, ?)", id, name, email);
    run(
        """
        select webhooks.trigger_customer_created(
          tenant_id => ?, customer_id => ?, customer_name => ?, customer_email => ?)
        """,
        TENANT,
        id,
        name,
        email);
    db.commit();
  }

  void createOrder(String id, String number, String customerId, BigDecimal amount, int itemsCount)
      throws SQLException {
    run(
        """
        insert into shop.sales_order (id, order_number, customer_id, amount, currency, items_count)
        values (?, ?, ?, ?, 'EUR', ?)
        """,
        id,
        number,
        customerId,
        amount,
        itemsCount);
    run(
        """
        select webhooks.trigger_sales_order_created(
          tenant_id => ?, order_id => ?, order_number => ?, customer_id => ?,
          amount => ?, currency => 'EUR', items_count => ?)
        """,
        TENANT,
        id,
        number,
        customerId,
        amount,
        itemsCount);
    db.commit();
  }

  void receivePayment(String id, String invoiceId, BigDecimal amount) throws SQLException {
    run(
        "insert into shop.payment (id, invoice_id, amount, currency) values (?, ?, ?, 'EUR')",
        id,
        invoiceId,
        amount);
    run(
        """
        select webhooks.trigger_payment_received(
          tenant_id => ?, payment_id => ?, invoice_id => ?, amount => ?, currency => 'EUR')
        """,
        TENANT,
        id,
        invoiceId,
        amount);
    db.commit();
  }

  /** An event of your own; publish takes the tenant and the data as strings as well. */
  void shipOrder(String id) throws SQLException {
    run("update shop.sales_order set shipped = true where id = ?", id);
    String data = "{\"order_id\":\"%s\",\"parcels\":2}".formatted(id);
    run("select webhooks.publish(?, ?, ?, ?)", TENANT, "sales_order.shipped", id, data);
    db.commit();
  }

  private void run(String sql, Object... arguments) throws SQLException {
    try (PreparedStatement statement = db.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        statement.setObject(i + 1, arguments[i]);
      }
      if (statement.execute()) {
        try (ResultSet returned = statement.getResultSet()) {
          returned.next();
          System.out.println("published " + returned.getObject(1, UUID.class));
        }
      }
    }
  }

  public static void main(String[] args) throws SQLException {
    try (Connection db = DriverManager.getConnection(args[0])) {
      db.setAutoCommit(false);
      Shop shop = new Shop(db);
      shop.createCustomer("cus-1", "Zoë Brontë", "zoe@example.com");
      shop.createOrder("ord-1", "SO-1", "cus-1", new BigDecimal("99.90"), 3);
      shop.receivePayment("pay-1", "inv-1", new BigDecimal("1500.00"));
      shop.shipOrder("ord-1");
      try {
        shop.receivePayment("pay-2", "no-such-invoice", new BigDecimal("20.00"));
      } catch (SQLException e) {
        db.rollback();
        System.out.println("no payment, and so no event: " + e.getMessage());
      }
    }
  }
}
