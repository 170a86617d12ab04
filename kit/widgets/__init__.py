"""The panel on which one deploys for real, and sees production break or not."""
