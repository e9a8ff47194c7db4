"""Who gets which account: from what the rules say and what the store holds to the owner changes of one plan."""
