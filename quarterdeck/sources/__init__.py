"""The five sources: each is read by one module, from documents, into tables and findings."""
