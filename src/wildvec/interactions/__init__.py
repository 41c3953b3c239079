"""Which users have which items: the data of models of users and items."""
