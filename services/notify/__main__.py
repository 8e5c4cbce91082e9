"""python -m services.notify serve|migrate|redeliver|dead-letters|openapi"""

from services.notify.app import SERVICE
from shared.runtime.command_line import command_line

if __name__ == "__main__":
    command_line(SERVICE)()
