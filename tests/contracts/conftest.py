from tests.integration.storage.conftest import server_url, store, store_url

__all__ = ["server_url", "store", "store_url"]
