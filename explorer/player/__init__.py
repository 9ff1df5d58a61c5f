"""The animated views: what is sent to the browser, and the component that plays it there."""
