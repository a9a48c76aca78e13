from dialer.cli.main import run

run()
