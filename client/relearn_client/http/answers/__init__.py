"""What the API answers, typed. Fields that are unknown here are left out: a newer API may say more."""
