"""What the product is compared with. Nothing here is imported by the product, and nothing here imports it."""
