"""What the product is compared with. Nothing here is imported by the product; only `plain_functions` imports it."""
