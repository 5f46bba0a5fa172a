"""The generated pages of the documentation, and what MkDocs needs: ``python -m documentation`` in this folder's parent."""
